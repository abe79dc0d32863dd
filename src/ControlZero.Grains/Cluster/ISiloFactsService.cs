using Orleans.Concurrency;
using Orleans.Services;

namespace ControlZero.Grains.Cluster;

/// <summary>How other silos ask a silo about itself.</summary>
[Alias("cz.ISiloFactsService")]
internal interface ISiloFactsService : IGrainService
{
    /// <summary>What the silo says of itself.</summary>
    // INVARIANT: reads only, so overlapping calls cannot disturb each other.
    [Alias("Describe"), AlwaysInterleave]
    Task<SiloFacts> DescribeAsync();
}
