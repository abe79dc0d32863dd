using ControlZero.Grains.Cluster;

namespace ControlZero.Grains.Tests.Cluster;

/// <summary>A silo that gives its name for its version, and counts how often it was asked.</summary>
internal sealed class CountedFacts(string name) : ISiloFactsSource
{
    private int _asked;

    public int Asked => Volatile.Read(ref _asked);

    public SiloFacts Read()
    {
        Interlocked.Increment(ref _asked);
        return new SiloFacts { Version = name, StartedAt = DateTimeOffset.UnixEpoch, NotReady = ["draining"], FreshnessAge = TimeSpan.FromSeconds(1) };
    }
}
