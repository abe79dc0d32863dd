using ControlZero.Grains.Feed;
using ControlZero.Grains.Cluster;
using ControlZero.Server.Health;

namespace ControlZero.Server.Cluster;

/// <summary>What this silo says of itself.</summary>
internal sealed class SiloSelf(SiloReadiness readiness, SiloFreshness freshness) : ISiloFactsSource
{
    public SiloFacts Read() => new()
    {
        Version = ClusterService.Version,
        StartedAt = ClusterService.StartedAt,
        NotReady = [.. readiness.Reasons()],
        FreshnessAge = freshness.Age is var age && age != TimeSpan.MaxValue ? age : null,
    };
}
