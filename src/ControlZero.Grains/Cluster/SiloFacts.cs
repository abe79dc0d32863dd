using System.Collections.Immutable;

namespace ControlZero.Grains.Cluster;

/// <summary>What a silo says of itself.</summary>
[GenerateSerializer, Immutable, Alias("cz.SiloFacts")]
public sealed record SiloFacts
{
    /// <summary>Version of the server.</summary>
    [Id(0)]
    public required string Version { get; init; }

    /// <summary>When its process started.</summary>
    [Id(1)]
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Why it wants no work, a word each. Empty: it does.</summary>
    [Id(2)]
    public ImmutableArray<string> NotReady { get; init; } = [];

    /// <summary>Time since it is known to have seen every change of the cluster. Null: it does not measure it.</summary>
    [Id(3)]
    public TimeSpan? FreshnessAge { get; init; }

    /// <summary>Where clients reach its front door, <c>host:port</c>. Null: it has none yet.</summary>
    [Id(4)]
    public string? FrontDoor { get; init; }
}

/// <summary>Where a silo's facts come from.</summary>
public interface ISiloFactsSource
{
    /// <summary>The facts of this silo, as they are now. Must not wait.</summary>
    SiloFacts Read();
}

/// <summary>An active silo and what it said.</summary>
/// <param name="Address">Its address.</param>
/// <param name="Facts">What it said. Null: it did not answer in time.</param>
public readonly record struct SiloReport(SiloAddress Address, SiloFacts? Facts);
