using ControlZero.Server.Health;
using ControlZero.Server.Telemetry;
using ControlZero.Server.Tests.Configuration;

namespace ControlZero.Server.Tests.Telemetry;

public sealed class TelemetryOptionsTests : IDisposable
{
    private readonly Settings _settings = new();

    [Theory]
    [InlineData("Telemetry:OtlpEndpoint", "http://c:4317/v1/metrics", "is not the address of a server")]
    [InlineData("Telemetry:OtlpEndpoint", "ftp://c", "is not the address of a server")]
    [InlineData("Telemetry:OtlpEndpoint", "collector", "is not the address of a server")]
    [InlineData("Telemetry:OtlpInterval", "900ms", "is no length of time from 1s to 1h")]
    [InlineData("Telemetry:OtlpInterval", "61m", "is no length of time from 1s to 1h")]
    [InlineData("Telemetry:OtlpProtocol", "7", "is not known")]
    [InlineData("Telemetry:TraceSampleRatio", "1.1", "is no number from 0 to 1")]
    [InlineData("Telemetry:TraceSampleRatio", "NaN", "is no number from 0 to 1")]
    [InlineData("Telemetry:Traces", "yes", "is neither true nor false")]
    [InlineData("Shutdown:DrainDelay", "6m", "is no length of time from 0s to 5m")]
    public void Setting_ThatIsWrong_IsNamedWithItsLimitAndARemedy(string path, string value, string expected)
    {
        _settings.Options[path] = value;

        var fault = Assert.Single(_settings.Read().Faults);

        Assert.StartsWith($"{path} `{value}` (--option) {expected}", fault, StringComparison.Ordinal);
        Assert.True(fault.Split("; ") is [_, { Length: > 0 }], fault);
    }

    [Fact]
    public void Endpoint_WithACredential_IsRefusedAndNotShown()
    {
        _settings.Options["Telemetry:OtlpEndpoint"] = "http://me:hunter2@c:4317";

        var read = _settings.Read();

        Assert.Equal(
            ["Telemetry:OtlpEndpoint (--option) holds a credential; write the address without it, for example `http://127.0.0.1:4317`"],
            read.Faults);
        Assert.DoesNotContain(read.Effective, setting => setting.Value.Contains("hunter2", StringComparison.Ordinal));
    }

    [Fact]
    public void Traces_WithoutACollector_AreRefused()
    {
        _settings.Options["Telemetry:Traces"] = "true";

        Assert.StartsWith("Telemetry:Traces is on and there is nowhere to send them", Assert.Single(_settings.Read().Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_ThatAreRight_AreRead()
    {
        _settings.Options["Telemetry:OtlpEndpoint"] = "http://c:4318";
        _settings.Options["Telemetry:OtlpProtocol"] = "HttpProtobuf";
        _settings.Options["Telemetry:TraceSampleRatio"] = "0.5";
        _settings.Options["Telemetry:Traces"] = "true";
        _settings.Options["Shutdown:DrainDelay"] = "15s";

        var read = _settings.Read();

        Assert.Empty(read.Faults);
        Assert.Equal(
            new TelemetryOptions
            {
                OtlpEndpoint = new Uri("http://c:4318"), OtlpProtocol = OtlpForm.HttpProtobuf, TraceSampleRatio = 0.5, Traces = true,
            },
            read.Options.Telemetry);
        Assert.Equal(new ShutdownOptions { DrainDelay = TimeSpan.FromSeconds(15) }, read.Options.Shutdown);
    }

    [Fact]
    public void Defaults_SendNothing() =>
        Assert.True(_settings.Read().Options.Telemetry is { Prometheus: true, OtlpEndpoint: null, Traces: false });

    public void Dispose() => _settings.Dispose();
}
