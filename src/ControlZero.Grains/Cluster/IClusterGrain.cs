using System.Collections.Immutable;
using Orleans.Concurrency;

namespace ControlZero.Grains.Cluster;

/// <summary>Answers for the cluster to processes that are no part of it: front doors without a silo. One a silo, whichever is asked. Key: 0.</summary>
[Alias("cz.IClusterGrain")]
public interface IClusterGrain : IGrainWithIntegerKey
{
    /// <summary>What <see cref="IClusterView.AskAsync"/> says in the silo that was asked.</summary>
    [Alias("Describe")]
    Task<ImmutableArray<SiloReport>> DescribeAsync(CancellationToken cancellationToken);

    /// <summary>A sign of life.</summary>
    // INVARIANT: reads nothing, so it may overtake whatever is under way.
    [Alias("Ping"), AlwaysInterleave]
    Task PingAsync();
}
