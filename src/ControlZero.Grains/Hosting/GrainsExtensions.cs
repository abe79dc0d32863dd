using ControlZero.Grains.Catalog;
using ControlZero.Grains.Keys;
using ControlZero.Grains.Policies;
using ControlZero.Grains.Tenants;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
namespace ControlZero.Grains.Hosting;

/// <summary>Registers what a silo of this project needs besides its storage.</summary>
public static class GrainsExtensions
{
    /// <summary>Adds the silo's catalogs and the service by which other silos reach them.</summary>
    public static ISiloBuilder AddControlZeroGrains(this ISiloBuilder builder)
    {
        builder.Services.TryAddKeyedSingleton(ClusterClock.Key, TimeProvider.System);
        builder.Services.AddSingleton<PolicyDocuments>();
        builder.Services.AddSingleton<Publishing>();
        builder.Services.AddSingleton<PolicyCatalog>();
        builder.Services.AddSingleton<KeyCatalog>();
        builder.Services.AddSingleton<CatalogAnnouncer>();
        builder.AddGrainService<CatalogService>();
        return builder;
    }
}
