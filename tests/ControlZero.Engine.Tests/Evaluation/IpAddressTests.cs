using System.Net;
using System.Net.Sockets;
using ControlZero.Engine.Evaluation.Conditions;
using CsCheck;

namespace ControlZero.Engine.Tests.Evaluation;

public class IpAddressTests
{
    [Theory]
    [InlineData("10.0.0.1", true)]
    [InlineData("010.0.0.1", false)]
    [InlineData("10.1", false)]
    [InlineData("1.2.3.4.5", false)]
    [InlineData("10.0.0.256", false)]
    [InlineData("0x0a.0.0.1", false)]
    [InlineData(" 10.0.0.1", false)]
    [InlineData("", false)]
    [InlineData("::", true)]
    [InlineData("::ffff:10.0.0.1", true)]
    [InlineData("::ffff:010.0.0.1", false)]
    [InlineData("1:2:3:4:5:6:7:8", true)]
    [InlineData("1:2:3:4:5:6:7", false)]
    [InlineData("1:2:3:4:5:6:7:8:9", false)]
    [InlineData("1:2:3:4:5:6:1.2.3.4", true)]
    [InlineData("1::2::3", false)]
    [InlineData("1.2.3.4::", false)]
    [InlineData(":1::", false)]
    [InlineData(":::", false)]
    [InlineData("fe80::1%eth0", false)]
    [InlineData("[::1]", false)]
    [InlineData("::1/64", false)]
    [InlineData("12345::", false)]
    public void TryParse_OfASpelling_TakesTheStrictOnesOnly(string text, bool expected)
    {
        Assert.Equal(expected, IpAddress.TryParse(text, out _));
    }

    [Fact]
    public void TryParse_GeneratedSpellings_TakesNoneThatTheFrameworkReadsOtherwise()
    {
        var taken = 0;
        Gen.OneOf("0", "1", "ff", "ABCD", "255", ":", ":", ":", "::", ".", "1.2.3.4").Array[1, 15].Select(string.Concat).Sample(
            text =>
            {
                if (!IpAddress.TryParse(text, out var address))
                {
                    return;
                }

                taken++;
                var framework = IPAddress.Parse(text);
                framework = framework.IsIPv4MappedToIPv6 ? framework.MapToIPv4() : framework;
                Assert.Equal(framework.AddressFamily == AddressFamily.InterNetwork, address.IsV4);
                var bits = framework.GetAddressBytes().Aggregate(UInt128.Zero, (sum, part) => (sum << 8) | part);
                Assert.Equal(bits, address.Bits);
            },
            seed: "0000000000001", iter: 300_000, threads: 1);

        Assert.True(taken > 1_000, $"only {taken} were addresses");
    }
}
