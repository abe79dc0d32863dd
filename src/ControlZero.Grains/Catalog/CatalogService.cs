using ControlZero.Abstractions.Keys;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Keys;
using Microsoft.Extensions.Logging;

namespace ControlZero.Grains.Catalog;

/// <summary>Hands notices from other silos to the catalogs of this one.</summary>
internal sealed class CatalogService(
    GrainId id,
    Silo silo,
    ILoggerFactory loggers,
    PolicyCatalog policies,
    KeyCatalog keys) : GrainService(id, silo, loggers), ICatalogService
{
    public Task NoticeAsync(Change change)
    {
        switch (change.Kind)
        {
            case ChangeKind.Tenant:
                return policies.ApplyAsync(change.Tenant, change.Version);
            case ChangeKind.Key:
                keys.Forget(KeyId.Parse(change.Subject));
                return Task.CompletedTask;
            default:
                throw new ArgumentException($"a change of kind {change.Kind} is not pushed", nameof(change));
        }
    }
}
