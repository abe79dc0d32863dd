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

/// <summary>A silo and what it said.</summary>
/// <param name="Address">Its address.</param>
/// <param name="Name">Its name.</param>
/// <param name="Status">Its place in the membership.</param>
/// <param name="Facts">What it said. Null: it is not active, or did not answer in time.</param>
[GenerateSerializer, Immutable, Alias("cz.SiloReport")]
public sealed record SiloReport(
    [property: Id(0)] SiloAddress Address,
    [property: Id(1)] string Name,
    [property: Id(2)] SiloStatus Status,
    [property: Id(3)] SiloFacts? Facts);
