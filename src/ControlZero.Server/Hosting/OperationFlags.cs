using System.CommandLine;

namespace ControlZero.Server.Hosting;

/// <summary>The flags of telemetry and of stopping.</summary>
internal static class OperationFlags
{
    private static readonly Option<string?> OtlpEndpoint = new("--otlp-endpoint")
    {
        Description = "OpenTelemetry collector (gRPC) for metrics and logs, http://HOST:PORT; default: none, nothing is sent",
        Recursive = true,
    };

    private static readonly Option<bool> OtlpHttp = new("--otlp-http") { Description = "speak protobuf over HTTP to the collector", Recursive = true };

    private static readonly Option<double?> TraceSampleRatio = new("--trace-sample-ratio")
    {
        Description = "send traces too, of this share of calls, 0 to 1; default: none",
        Recursive = true,
    };

    private static readonly Option<bool> NoMetrics = new("--no-metrics") { Description = "no /metrics on the HTTP port", Recursive = true };

    private static readonly Option<double> DrainSeconds = new("--drain-seconds")
    {
        Description = "how long to serve on after saying that no more work is wanted, for load balancers to notice; default: 0",
        Recursive = true,
    };

    /// <summary>All of them.</summary>
    public static IEnumerable<Option> All => [OtlpEndpoint, OtlpHttp, TraceSampleRatio, NoMetrics, DrainSeconds];

    /// <summary>The options with what the flags say.</summary>
    public static ServerOptions Apply(ParseResult line, ServerOptions options) => options with
    {
        Telemetry = options.Telemetry with
        {
            Prometheus = !line.GetValue(NoMetrics),
            OtlpEndpoint = line.GetValue(OtlpEndpoint) is { } endpoint ? new Uri(endpoint, UriKind.RelativeOrAbsolute) : null,
            OtlpProtocol = line.GetValue(OtlpHttp) ? Telemetry.OtlpForm.HttpProtobuf : Telemetry.OtlpForm.Grpc,
            Traces = line.GetValue(TraceSampleRatio) is not null,
            TraceSampleRatio = line.GetValue(TraceSampleRatio) ?? options.Telemetry.TraceSampleRatio,
        },
        Shutdown = options.Shutdown with { DrainDelay = TimeSpan.FromSeconds(line.GetValue(DrainSeconds)) },
    };
}
