using System.Collections.Concurrent;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Quotas;
using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Runtime.Services;

namespace ControlZero.Grains.Quotas;

/// <summary>What a silo has at hand of the shared limits of tenants. Given back when the silo stops.</summary>
internal sealed partial class TenantShares(
    QuotaStore store,
    IServiceProvider services,
    ISiloStatusOracle silos,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock,
    ILogger<TenantShares> logger) : ILifecycleParticipant<ISiloLifecycle>
{
    private readonly ConcurrentDictionary<TenantId, TenantShare> _shares = new();
    private readonly Lazy<RecallClient> _client = new(() => new RecallClient(services));

    /// <summary>This silo's share.</summary>
    public TenantShare Of(TenantId tenant) => _shares.GetOrAdd(tenant, static (tenant, shares) => shares.Open(tenant), this);

    /// <summary>Gives back what this silo has at hand of a tenant's limits.</summary>
    public Task GiveBackAsync(TenantId tenant) => _shares.TryGetValue(tenant, out var share) ? share.GiveBackAsync() : Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(TenantShares), ServiceLifecycleStage.RuntimeGrainServices, static _ => Task.CompletedTask, CloseAsync);

    private TenantShare Open(TenantId tenant) =>
        new(store, GrainId.Create("tenant-quota", GrainKeys.Of(tenant)), clock, () => RecallOthersAsync(tenant), logger);

    private async Task RecallOthersAsync(TenantId tenant) => await Task.WhenAll(silos.GetApproximateSiloStatuses(onlyActive: true).Keys
        .Where(silo => !silo.Equals(silos.SiloAddress))
        .Select(silo => _client.Value.RecallAsync(silo, tenant)));

    private async Task CloseAsync(CancellationToken cancellationToken)
    {
        foreach (var share in _shares.Values)
        {
            try
            {
                await share.CloseAsync();
            }
            catch (QuotaUnavailableException failure)
            {
                LogNotClosed(failure);
            }
        }
    }

    [LoggerMessage(EventId = 2303, Level = LogLevel.Warning, Message = "Units of a tenant's limits could not be given back; they are lost until their window ends")]
    private partial void LogNotClosed(Exception failure);

    private sealed class RecallClient(IServiceProvider services) : GrainServiceClient<IQuotaService>(services)
    {
        private static readonly TimeSpan Bound = TimeSpan.FromSeconds(1);

        // A silo that does not answer keeps what it has.
        public async Task RecallAsync(SiloAddress silo, TenantId tenant)
        {
            try
            {
                // The machine's time: what is waited for is the network.
                await GetGrainService(silo).RecallAsync(tenant).WaitAsync(Bound, TimeProvider.System);
            }
            catch (Exception failure) when (failure is TimeoutException or OrleansException)
            {
            }
        }
    }
}
