using System.Collections.Immutable;
using Orleans.Concurrency;

namespace ControlZero.Grains.Cluster;

/// <inheritdoc cref="IClusterGrain"/>
[GrainType("cluster"), StatelessWorker(1)]
internal sealed class ClusterGrain(ClusterFacts facts) : Grain, IClusterGrain
{
    public async Task<ImmutableArray<SiloReport>> DescribeAsync(CancellationToken cancellationToken) => [.. await facts.AskAsync(cancellationToken)];

    public Task PingAsync() => Task.CompletedTask;
}
