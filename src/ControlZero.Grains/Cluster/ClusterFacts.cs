using ControlZero.Grains.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Services;

namespace ControlZero.Grains.Cluster;

/// <summary>
/// Asks every active silo about itself. At most once a second, however many ask here: a caller who asks without end must not make the
/// silos do nothing else.
/// </summary>
public sealed class ClusterFacts : IDisposable
{
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(1);

    private readonly FactsClient _client;
    private readonly ISiloStatusOracle _silos;
    private readonly TimeProvider _clock;
    private readonly SemaphoreSlim _asking = new(1);
    private SiloReport[] _reports = [];
    private long _askedAt;

    /// <summary>Creates it; the container does.</summary>
    public ClusterFacts(IServiceProvider services, ISiloStatusOracle silos, [FromKeyedServices(ClusterClock.Key)] TimeProvider clock)
    {
        _client = new FactsClient(services);
        _silos = silos;
        _clock = clock;
    }

    /// <summary>What the active silos say, or said within the last second. One that takes longer than 2 s has no facts.</summary>
    public async Task<IReadOnlyList<SiloReport>> AskAsync(CancellationToken cancellationToken)
    {
        await _asking.WaitAsync(cancellationToken);
        try
        {
            if (_reports.Length == 0 || _clock.GetElapsedTime(_askedAt) >= Kept)
            {
                _reports = await Task.WhenAll(_silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Select(_client.AskAsync));
                _askedAt = _clock.GetTimestamp();
            }

            return _reports;
        }
        finally
        {
            _asking.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _asking.Dispose();

    private sealed class FactsClient(IServiceProvider services) : GrainServiceClient<ISiloFactsService>(services)
    {
        private static readonly TimeSpan Bound = TimeSpan.FromSeconds(2);

        public async Task<SiloReport> AskAsync(SiloAddress silo)
        {
            try
            {
                // The machine's time: what is waited for is the network.
                return new SiloReport(silo, await GetGrainService(silo).DescribeAsync().WaitAsync(Bound, TimeProvider.System));
            }
            catch (Exception failure) when (failure is TimeoutException or OrleansException)
            {
                return new SiloReport(silo, null);
            }
        }
    }
}
