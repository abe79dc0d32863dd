using ControlZero.Grains.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Services;

namespace ControlZero.Grains.Cluster;

/// <summary>
/// Asks every active silo about itself. At most once a second, however many ask here: a caller who asks without end must not make the
/// silos do nothing else.
/// </summary>
public sealed class ClusterFacts : IClusterView, IDisposable
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

    /// <inheritdoc/>
    public SiloAddress? Self => _silos.SiloAddress;

    /// <inheritdoc/>
    /// <remarks>A silo that takes longer than 2 s has no facts.</remarks>
    public async Task<IReadOnlyList<SiloReport>> AskAsync(CancellationToken cancellationToken)
    {
        await _asking.WaitAsync(cancellationToken);
        try
        {
            if (_reports.Length == 0 || _clock.GetElapsedTime(_askedAt) >= Kept)
            {
                _reports = await Task.WhenAll(_silos.GetApproximateSiloStatuses().Select(silo => AskAsync(silo.Key, silo.Value)));
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

    private async Task<SiloReport> AskAsync(SiloAddress silo, SiloStatus status) => new(
        silo,
        _silos.TryGetSiloName(silo, out var name) ? name : silo.ToString(),
        status,
        status == SiloStatus.Active ? await _client.AskAsync(silo) : null);

    private sealed class FactsClient(IServiceProvider services) : GrainServiceClient<ISiloFactsService>(services)
    {
        private static readonly TimeSpan Bound = TimeSpan.FromSeconds(2);

        public async Task<SiloFacts?> AskAsync(SiloAddress silo)
        {
            try
            {
                // The machine's time: what is waited for is the network.
                return await GetGrainService(silo).DescribeAsync().WaitAsync(Bound, TimeProvider.System);
            }
            catch (Exception failure) when (failure is TimeoutException or OrleansException)
            {
                return null;
            }
        }
    }
}
