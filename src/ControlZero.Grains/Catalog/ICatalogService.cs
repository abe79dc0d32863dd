using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using Orleans.Concurrency;
using Orleans.Services;

namespace ControlZero.Grains.Catalog;

/// <summary>How other silos reach the catalogs of a silo.</summary>
[Alias("cz.ICatalogService")]
internal interface ICatalogService : IGrainService
{
    /// <summary>Puts a manifest in force on this silo.</summary>
    // INVARIANT: notices may overlap; the slot keeps the newest epoch whatever the order.
    [Alias("Apply"), AlwaysInterleave]
    Task ApplyAsync(TenantManifest manifest);

    /// <summary>Forgets a key on this silo, so that the next call with it asks the key's grain.</summary>
    [Alias("ForgetKey"), AlwaysInterleave]
    Task ForgetKeyAsync(KeyId key);
}
