using ControlZero.Grains.Cluster;
using ControlZero.Server.Health;
using ControlZero.Server.Telemetry;

namespace ControlZero.Server.Cluster;

/// <summary>What this silo says of itself.</summary>
internal sealed class SiloSelf(SiloReadiness readiness, FreshnessSource? freshness = null) : ISiloFactsSource
{
    public SiloFacts Read() => new()
    {
        Version = ClusterService.Version,
        StartedAt = ClusterService.StartedAt,
        NotReady = [.. readiness.Reasons()],
        FreshnessAge = freshness?.Age(),
    };
}
