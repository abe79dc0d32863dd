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
        builder.Services.AddFeedFollower();
        builder.Services.AddSingleton<Publishing>();
        builder.Services.AddSingleton<TenantPlaces>();
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, UsageSaver>();
        builder.Services.TryAddSingleton<IModelPrices, NoModelPrices>();
        builder.Services.AddSingleton<QuotaStore>();
        builder.Services.AddSingleton<ReservationBudget>();
        builder.Services.AddSingleton<AgentQuotas>();
        builder.Services.AddSingleton<TenantShares>();
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<TenantShares>());
        builder.Services.AddSingleton<ChangeAnnouncer>();
        builder.AddGrainService<CatalogService>();
        builder.AddGrainService<QuotaService>();
        return builder;
    }

    /// <summary>
    /// Adds the catalogs of a process and what makes them follow the change feed in storage, by whoever runs the participants of a silo's lifecycle.
    /// Without a silo nothing is pushed to them: the feed alone says what they know, and how old it is.
    /// </summary>
    public static IServiceCollection AddFeedFollower(this IServiceCollection services)
    {
        services.TryAddKeyedSingleton(ClusterClock.Key, TimeProvider.System);
        services.TryAddKeyedSingleton(
            StorageNames.Policies, (provider, _) => provider.GetRequiredKeyedService<IGrainStorage>(StorageNames.State));
        services.AddSingleton<IValidateOptions<FreshnessOptions>, FreshnessOptionsValidator>();
        services.AddOptions<FreshnessOptions>().ValidateOnStart();
        services.AddSingleton<IValidateOptions<TenancyOptions>, TenancyOptionsValidator>();
        services.AddOptions<TenancyOptions>().ValidateOnStart();
        services.AddSingleton<StoredRecords>();
        services.AddSingleton<StoredLists>();
        services.AddSingleton<PolicyDocuments>();
        services.AddSingleton<PolicyCatalog>();
        services.AddSingleton<KeyCatalog>();
        services.TryAddSingleton<AgentCells>();
        services.AddSingleton<AgentNotices>();
        services.AddSingleton<SiloFreshness>();
        services.AddSingleton<ChangeFeed>();
        services.AddSingleton<FeedFollower>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(provider => provider.GetRequiredService<FeedFollower>());
        return services;
    }
}
