using ControlZero.Client.Configuration;
using Microsoft.Extensions.Options;

namespace ControlZero.Client.Tests.Configuration;

public sealed class OptionsTests
{
    [Fact]
    public void Defaults_NothingSet_AreTheDocumentedOnes()
    {
        var options = ClientTest.Environment().Fill(new ControlZeroClientOptions());

        Assert.Equal(("http://127.0.0.1:5050", null, null), (options.Url, options.ApiKey, options.AgentId));
        Assert.Equal((TimeSpan.FromSeconds(2), 3, OnUnavailable.Deny), (options.Timeout, options.MaxAttempts, options.OnUnavailable));
        Assert.Empty(options.Obligations);
    }

    [Fact]
    public void Environment_FillsOnlyWhatTheOptionsLeaveOpen()
    {
        var environment = ClientTest.Environment(
            ("CONTROLZERO_URL", "http://cluster:1"), ("CONTROLZERO_API_KEY", " key\n"), ("CONTROLZERO_AGENT_ID", "agent-2"));

        var options = environment.Fill(new ControlZeroClientOptions { AgentId = "agent-1" });

        Assert.Equal(("http://cluster:1", "key", "agent-1"), (options.Url, options.ApiKey, options.AgentId));
    }

    [Fact]
    public void Environment_EmptyVariable_IsNotSet() =>
        Assert.Equal("http://127.0.0.1:5050", ClientTest.Environment(("CONTROLZERO_URL", " ")).Fill(new ControlZeroClientOptions()).Url);

    [Fact]
    public void Constructor_EverythingWrong_ReportsEveryFaultAtOnce()
    {
        var options = new ControlZeroClientOptions
        {
            Url = "ftp://x",
            AgentId = " ",
            Timeout = TimeSpan.Zero,
            MaxAttempts = 0,
            OnUnavailable = (OnUnavailable)9,
            Obligations = { "" },
        };

        var error = Assert.Throws<OptionsValidationException>(() => new ControlZeroClient(options, null, ClientTest.Environment(), () => 0));

        Assert.Equal(["Url", "ApiKey", "AgentId", "Timeout", "MaxAttempts", "OnUnavailable", "Obligations"], error.Failures.Select(fault => fault.Split(':')[0]));
        Assert.All(error.Failures, fault => Assert.Contains("; ", fault, StringComparison.Ordinal));
        Assert.Contains("set `CONTROLZERO_API_KEY`", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1:5050")]
    [InlineData("")]
    [InlineData("/tmp/socket")]
    [InlineData("http://host/path")]
    [InlineData("http://host?x=1")]
    [InlineData("http://host#x")]
    [InlineData("https://me:pa55word@host")]
    [InlineData("me:pa55word@host")]
    [InlineData("https://me:pa55,word@host")]
    [InlineData("http://a:1,")]
    [InlineData("http://a:1,,http://b:1")]
    [InlineData("http://a:1;http://b:1")]
    [InlineData("http://a:1,b:1")]
    public void Url_NotAPlainAddress_IsRefusedWithoutItsPassword(string url)
    {
        var fault = Assert.Single(OptionsRules.Faults(Valid(url: url)));

        Assert.Contains("`http://host:port` or `https://host:port`", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("pa55", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://a:1,https://b:1", "mixes http and https")]
    [InlineData("http://a:1, http://b:1, http://A:1/", "names `a:1` twice")]
    [InlineData("http://a,http://a:80", "names `a` twice")]
    public void Url_SeveralAddressesThatDoNotGoTogether_AreRefused(string url, string why)
    {
        var fault = Assert.Single(OptionsRules.Faults(Valid(url: url)));

        Assert.Contains(why, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Url_SeveralAddresses_AreReadInOrder()
    {
        const string Url = "http://b:5050, http://a:5050/ ,http://[::1]:5051";

        Assert.Empty(OptionsRules.Faults(Valid(url: Url)));
        Assert.Equal(["b:5050", "a:5050", "[::1]:5051"], AddressList.Parse(Url).Select(address => address.Authority));
    }

    [Theory]
    [InlineData("http://127.0.0.1:5050")]
    [InlineData("https://cluster.example.com/")]
    [InlineData("http://[::1]:5050")]
    public void Url_PlainAddress_IsFine(string url) => Assert.Empty(OptionsRules.Faults(Valid(url: url)));

    [Theory]
    [InlineData("cz_test_s3cr3t\n")]
    [InlineData("cz_test_s3cr3t x")]
    [InlineData("cz_test_s3cr3té")]
    public void ApiKey_WithStrayCharacters_IsRefusedAndNotRepeated(string key)
    {
        var fault = Assert.Single(OptionsRules.Faults(Valid(key: key)));

        Assert.StartsWith("ApiKey: ", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void ToString_KeySet_DoesNotShowIt()
    {
        var text = Valid().ToString();

        Assert.Contains("ApiKey = (set)", text, StringComparison.Ordinal);
        Assert.DoesNotContain(ClientTest.Key, text, StringComparison.Ordinal);
    }

    private static ControlZeroClientOptions Valid(string url = "http://127.0.0.1:5050", string key = ClientTest.Key) => new() { Url = url, ApiKey = key };
}
