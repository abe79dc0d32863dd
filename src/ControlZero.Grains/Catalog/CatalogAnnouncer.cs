using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Runtime.Services;
namespace ControlZero.Grains.Catalog;

/// <summary>Tells every active silo what changed, and waits until each has acted on it or the bound is over.</summary>
internal sealed partial class CatalogAnnouncer(
    IServiceProvider services,
    ISiloStatusOracle silos,
    [FromKeyedServices(Hosting.ClusterClock.Key)] TimeProvider clock,
    ILogger<CatalogAnnouncer> logger) : GrainServiceClient<ICatalogService>(services)
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(2);

    public Task AnnounceAsync(TenantManifest manifest) => TellAllAsync(silo => silo.ApplyAsync(manifest));

    public Task AnnounceRevocationAsync(KeyId key) => TellAllAsync(silo => silo.ForgetKeyAsync(key));

    private Task TellAllAsync(Func<ICatalogService, Task> tell) =>
        Task.WhenAll(silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Select(silo => TellAsync(silo, tell)));

    // What is announced is durable already: a silo that does not answer must not undo it for the others.
    private async Task TellAsync(SiloAddress silo, Func<ICatalogService, Task> tell)
    {
        try
        {
            await tell(GetGrainService(silo)).WaitAsync(Bound, clock);
        }
        catch (Exception failure)
        {
            LogNotTold(silo, failure);
        }
    }

    [LoggerMessage(EventId = 2001, Level = LogLevel.Warning, Message = "Silo {Silo} did not acknowledge a change in time")]
    private partial void LogNotTold(SiloAddress silo, Exception failure);
}
