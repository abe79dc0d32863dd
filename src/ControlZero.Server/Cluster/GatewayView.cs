using ControlZero.Grains.Cluster;

namespace ControlZero.Server.Cluster;

/// <summary>The cluster as one of its silos sees it: a front door has no membership of its own.</summary>
internal sealed class GatewayView(IGrainFactory grains) : IClusterView
{
    public SiloAddress? Self => null;

    public async Task<IReadOnlyList<SiloReport>> AskAsync(CancellationToken cancellationToken) =>
        await grains.GetGrain<IClusterGrain>(0).DescribeAsync(cancellationToken);
}
