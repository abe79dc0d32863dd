using System.Security.Cryptography;
using System.Text;
using ControlZero.Abstractions.Tenants;
using ControlZero.Audit.Contexts;
using ControlZero.Engine.Context;

namespace ControlZero.Audit.Tests.Contexts;

public sealed class ContextDigestTests
{
    // Numbers of RFC 8785, appendix B.
    [Theory]
    [InlineData(0, "0")]
    [InlineData(-0.0, "0")]
    [InlineData(5e-324, "5e-324")]
    [InlineData(1.7976931348623157e308, "1.7976931348623157e+308")]
    [InlineData(9007199254740992, "9007199254740992")]
    [InlineData(295147905179352830000d, "295147905179352830000")]
    [InlineData(9.999999999999997e22, "9.999999999999997e+22")]
    [InlineData(1e23, "1e+23")]
    [InlineData(333333333.33333329, "333333333.3333333")]
    [InlineData(0.000001, "0.000001")]
    [InlineData(1e-7, "1e-7")]
    [InlineData(-1.5, "-1.5")]
    [InlineData(4.5, "4.5")]
    [InlineData(100, "100")]
    public void Number_Canonical_IsWrittenAsJavaScriptDoes(double number, string expected) =>
        Assert.Equal(expected, ContextDigest.Canonical(ContextValue.Of(number)));

    [Fact]
    public void Object_Canonical_IsSortedAndEscapedAsLittleAsMayBe() => Assert.Equal(
        """{"":null,"a":[true,{"x":"é\"\\\u001f\n"}],"b":1,"ö":"NaN"}""",
        ContextDigest.Canonical(ContextValue.Of(
        [
            new("ö", ContextValue.Of(double.NaN)),
            new("b", ContextValue.Of(1)),
            new("a", ContextValue.List([ContextValue.True, ContextValue.Of([new("x", ContextValue.Of("é\"\\\u001f\n"))])])),
            new("", ContextValue.Null),
        ])));

    [Fact]
    public void Digest_OfOneContext_DiffersByTenantAndNotByOrder()
    {
        var (a, b) = (new ContextField("a", ContextValue.Of(1)), new ContextField("b", ContextValue.Of("x")));
        var acme = TenantId.Parse("acme");

        Assert.Equal(ContextDigest.Of(acme, ContextValue.Of([a, b])), ContextDigest.Of(acme, ContextValue.Of([b, a])));
        Assert.NotEqual(ContextDigest.Of(acme, ContextValue.Of([a, b])), ContextDigest.Of(TenantId.Parse("other"), ContextValue.Of([a, b])));
        Assert.Equal(
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("controlzero-context/1\nacme\n{\"a\":1}"))),
            ContextDigest.Of(acme, ContextValue.Of([a])));
    }
}
