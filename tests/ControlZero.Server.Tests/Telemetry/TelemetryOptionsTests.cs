using ControlZero.Server.Hosting;
using ControlZero.Server.Telemetry;

namespace ControlZero.Server.Tests.Telemetry;

public sealed class TelemetryOptionsTests
{
    public static TheoryData<string, string> WrongOnes() => new()
    {
        { "endpoint-path", "Telemetry:OtlpEndpoint `http://c:4317/v1/metrics` is not the address of a collector" },
        { "endpoint-scheme", "Telemetry:OtlpEndpoint `ftp://c` is not the address of a collector" },
        { "endpoint-relative", "Telemetry:OtlpEndpoint `collector` is not the address of a collector" },
        { "endpoint-secret", "Telemetry:OtlpEndpoint `http://...@c:4317` holds a credential" },
        { "interval-short", "Telemetry:OtlpInterval `00:00:00.9000000` is outside 1 s to 1 h" },
        { "interval-long", "Telemetry:OtlpInterval `01:00:01` is outside 1 s to 1 h" },
        { "protocol", "Telemetry:OtlpProtocol `7` is unknown" },
        { "traces-nowhere", "Telemetry:Traces is on and there is nowhere to send them" },
        { "ratio-high", "Telemetry:TraceSampleRatio `1.1` is outside 0 to 1" },
        { "ratio-nan", "Telemetry:TraceSampleRatio `NaN` is outside 0 to 1" },
    };

    [Theory]
    [MemberData(nameof(WrongOnes))]
    public void Option_ThatIsWrong_IsNamedWithItsLimitAndARemedy(string which, string expected)
    {
        var fault = Assert.Single(Wrong(which).Faults());

        Assert.StartsWith(expected, fault, StringComparison.Ordinal);
        Assert.True(fault.Split("; ") is [_, { Length: > 0 }], fault);
    }

    [Fact]
    public void Faults_OfASecret_DoNotShowIt() =>
        Assert.DoesNotContain("hunter2", string.Concat(Wrong("endpoint-secret").Faults()), StringComparison.Ordinal);

    [Fact]
    public void Defaults_AreInOrder_AndSendNothing()
    {
        var options = new TelemetryOptions();

        Assert.Empty(options.Faults());
        Assert.True(options is { Prometheus: true, OtlpEndpoint: null, Traces: false });
    }

    [Fact]
    public void Server_WithSeveralFaults_NamesThemAll()
    {
        var options = new ServerOptions
        {
            Telemetry = Wrong("interval-long") with { TraceSampleRatio = -1 },
            Shutdown = new() { DrainDelay = TimeSpan.FromMinutes(6) },
        };

        var failure = Assert.Throws<StartupException>(() => options.Check());

        Assert.All(
            ["Telemetry:OtlpInterval", "Telemetry:TraceSampleRatio", "Shutdown:DrainDelay `00:06:00` is outside 0 to 5 min"],
            part => Assert.Contains(part, failure.Message, StringComparison.Ordinal));
    }

    private static TelemetryOptions Wrong(string which) => which switch
    {
        "endpoint-path" => new() { OtlpEndpoint = new Uri("http://c:4317/v1/metrics") },
        "endpoint-scheme" => new() { OtlpEndpoint = new Uri("ftp://c") },
        "endpoint-relative" => new() { OtlpEndpoint = new Uri("collector", UriKind.Relative) },
        "endpoint-secret" => new() { OtlpEndpoint = new Uri("http://me:hunter2@c:4317") },
        "interval-short" => new() { OtlpInterval = TimeSpan.FromMilliseconds(900) },
        "interval-long" => new() { OtlpInterval = TimeSpan.FromSeconds(3601) },
        "protocol" => new() { OtlpProtocol = (OtlpForm)7 },
        "traces-nowhere" => new() { Traces = true },
        "ratio-high" => new() { TraceSampleRatio = 1.1 },
        "ratio-nan" => new() { TraceSampleRatio = double.NaN },
        _ => throw new ArgumentOutOfRangeException(nameof(which)),
    };
}
