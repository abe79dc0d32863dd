using ControlZero.Abstractions;
using ControlZero.Engine.Quotas;
using ControlZero.Grains.Agents;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Keys;
using ControlZero.Grains.Policies;
using ControlZero.Grains.Quotas;
using ControlZero.Grains.Tenants;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Storage;

namespace ControlZero.Grains.Hosting;

/// <summary>Registers what a silo of this project needs besides its storage.</summary>
public static class GrainsExtensions
{
    /// <summary>Adds the silo's catalogs and the service by which other silos reach them. Call it when the storages are registered.</summary>
    public static ISiloBuilder AddControlZeroGrains(this ISiloBuilder builder)
    {
        builder.Services.TryAddKeyedSingleton(ClusterClock.Key, TimeProvider.System);
        builder.Services.TryAddKeyedSingleton(
            StorageNames.Policies, (services, _) => services.GetRequiredKeyedService<IGrainStorage>(StorageNames.State));
        builder.Services.AddSingleton<IValidateOptions<FreshnessOptions>, FreshnessOptionsValidator>();
        builder.Services.AddOptions<FreshnessOptions>().ValidateOnStart();
        builder.Services.AddSingleton<StoredRecords>();
        builder.Services.AddSingleton<PolicyDocuments>();
        builder.Services.AddSingleton<Publishing>();
        builder.Services.AddSingleton<PolicyCatalog>();
        builder.Services.AddSingleton<KeyCatalog>();
        builder.Services.TryAddSingleton<AgentCells>();
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, UsageSaver>();
        builder.Services.TryAddSingleton<IModelPrices, NoModelPrices>();
        builder.Services.AddSingleton<QuotaStore>();
        builder.Services.AddSingleton<ReservationBudget>();
        builder.Services.AddSingleton<AgentQuotas>();
        builder.Services.AddSingleton<TenantShares>();
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<TenantShares>());
        builder.Services.AddSingleton<AgentNotices>();
        builder.Services.AddSingleton<SiloFreshness>();
        builder.Services.AddSingleton<ChangeFeed>();
        builder.Services.AddSingleton<ChangeAnnouncer>();
        builder.Services.AddSingleton<FeedFollower>();
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<FeedFollower>());
        builder.AddGrainService<CatalogService>();
        builder.AddGrainService<QuotaService>();
        return builder;
    }
}
