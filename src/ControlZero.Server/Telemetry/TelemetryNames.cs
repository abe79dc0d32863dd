namespace ControlZero.Server.Telemetry;

/// <summary>Names that dashboards, alerts and collectors rely on.</summary>
internal static class TelemetryNames
{
    /// <summary>The one meter and the one activity source.</summary>
    public const string Source = "ControlZero.Cluster";

    /// <summary>Tag: the effect of the rule or default that decided.</summary>
    public const string Effect = "effect";

    /// <summary>Tag: a reason code of this project, or <see cref="Custom"/>.</summary>
    public const string ReasonCode = "reason_code";

    /// <summary>What stands for every reason code that a policy made up: they are without number.</summary>
    public const string Custom = "custom";

    /// <summary>Tag: how questions came, <c>unary</c>, <c>batch</c> or <c>stream</c>.</summary>
    public const string Form = "form";

    /// <summary>Tag: service and method of a call, <c>PolicyService/PublishPolicy</c>.</summary>
    public const string Method = "rpc.method";

    /// <summary>Tag: status of a call, as a number.</summary>
    public const string Status = "rpc.grpc.status_code";
}
