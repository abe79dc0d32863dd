namespace ControlZero.Server.Health;

/// <summary>How the server finds out whether it reaches its storage. Not for operators: what it costs and how fast it tells are in balance.</summary>
internal sealed record StorageProbeOptions
{
    /// <summary>Time between two reads. Default: 2 s.</summary>
    public TimeSpan Period { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long one may take before it has failed. Default: 5 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// So many failures in a row and storage is out of reach: one slow read of a busy machine must not take a server out of service.
    /// Default: 2.
    /// </summary>
    public int Failures { get; init; } = 2;
}
