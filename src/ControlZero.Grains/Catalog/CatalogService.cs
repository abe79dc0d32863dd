using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
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
    public Task ApplyAsync(TenantManifest manifest) => policies.ApplyAsync(manifest, CancellationToken.None);

    public Task ForgetKeyAsync(KeyId key)
    {
        keys.Forget(key);
        return Task.CompletedTask;
    }
}
