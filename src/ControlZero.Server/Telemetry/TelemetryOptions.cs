using ControlZero.Server.Hosting.Configuration;

namespace ControlZero.Server.Telemetry;

/// <summary>What a server tells about itself, and to whom. Nothing leaves the machine unless <see cref="OtlpEndpoint"/> says so.</summary>
internal sealed record TelemetryOptions
{
    /// <summary>Where the options stand in the configuration.</summary>
    public const string SectionName = "Telemetry";

    /// <summary>
    /// Whether <c>/metrics</c> on the HTTP port shows the metrics in Prometheus' text format. It needs no key, like the health pages on
    /// that port. Default: true.
    /// </summary>
    public bool Prometheus { get; init; } = true;

    /// <summary>
    /// The OpenTelemetry collector that metrics and logs, and with <see cref="Traces"/> traces, are sent to: an absolute <c>http</c> or
    /// <c>https</c> address without a path, for example <c>http://127.0.0.1:4317</c>. Headers it wants are read from the standard
    /// variable <c>OTEL_EXPORTER_OTLP_HEADERS</c>. Default: none, nothing is sent.
    /// </summary>
    public Uri? OtlpEndpoint { get; init; }

    /// <summary>How the collector is spoken to. Default: <see cref="OtlpForm.Grpc"/>.</summary>
    public OtlpForm OtlpProtocol { get; init; } = OtlpForm.Grpc;

    /// <summary>Time between two exports of metrics, 1 s to 1 h. Default: 15 s. Logs and traces leave within 5 s.</summary>
    public TimeSpan OtlpInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Whether calls are traced. A trace holds the action's kind, the model and how it was decided; never the tenant, the agent, the
    /// context or a prompt. Needs <see cref="OtlpEndpoint"/>. Default: false, since a traced call costs about a microsecond more.
    /// </summary>
    public bool Traces { get; init; }

    /// <summary>
    /// The share of calls that is traced, 0 to 1, chosen by trace id: services that use the same share trace the same requests.
    /// Default: 0.01.
    /// </summary>
    public double TraceSampleRatio { get; init; } = 0.01;

    /// <summary>Reads the section.</summary>
    public static TelemetryOptions Read(SettingReader reader)
    {
        var (section, standard) = (reader.Section(SectionName), new TelemetryOptions());
        return new()
        {
            Prometheus = section.Flag(nameof(Prometheus), standard.Prometheus),
            OtlpEndpoint = section.Url(nameof(OtlpEndpoint), "http://127.0.0.1:4317"),
            OtlpProtocol = section.OneOf(nameof(OtlpProtocol), standard.OtlpProtocol, OtlpForm.Grpc, OtlpForm.HttpProtobuf),
            OtlpInterval = section.Duration(nameof(OtlpInterval), standard.OtlpInterval, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
            Traces = section.Flag(nameof(Traces), standard.Traces),
            TraceSampleRatio = section.Share(nameof(TraceSampleRatio), standard.TraceSampleRatio),
        };
    }

    /// <summary>What cannot be seen from one value alone.</summary>
    public IEnumerable<string> Faults()
    {
        if (Traces && OtlpEndpoint is null)
        {
            yield return $"{SectionName}:Traces is on and there is nowhere to send them; set {SectionName}:OtlpEndpoint, or turn it off";
        }
    }
}

/// <summary>How an OpenTelemetry collector is spoken to.</summary>
internal enum OtlpForm
{
    /// <summary>gRPC, by custom on port 4317.</summary>
    Grpc = 0,

    /// <summary>Protobuf over HTTP/1.1, by custom on port 4318; each signal has its path: <c>/v1/metrics</c>, <c>/v1/traces</c>, <c>/v1/logs</c>.</summary>
    HttpProtobuf = 1,
}
