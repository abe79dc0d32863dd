using ControlZero.Grains.Cluster;
using ControlZero.Grains.Hosting;
using ControlZero.Server.Cluster.Tls;
using ControlZero.Server.Health;
using ControlZero.Server.Hosting;
using ControlZero.Storage.Postgres;
using ControlZero.Storage.Redis;
using Orleans.Configuration;

namespace ControlZero.Server.Cluster.Setups;

/// <summary>A front door without a silo: a client of the silos' gateways, which reads keys and the change feed from storage by itself.</summary>
internal static class GatewayExtensions
{
    // A gateway that is gone is found out by the calls it leaves without an answer; one that is new, by looking.
    private static readonly TimeSpan ListRefresh = TimeSpan.FromSeconds(2);

    /// <summary>Adds it.</summary>
    public static WebApplicationBuilder UseGateways(this WebApplicationBuilder builder, ServerOptions options)
    {
        var services = builder.Services;

        // First: what it may believe must be read before anybody is let in.
        var storage = new StorageBuilder(services, builder.Configuration);
        storage.UseSystemTextJsonGrainStorageSerializer();
        storage.KeepState(options);
        services.AddFeedFollower();
        services.AddHostedService<StorageLifecycle>();

        services.AddGatewayTls(options.Cluster);
        services.AddSingleton<Gateways>();
        services.AddSingleton<IMembership>(provider => provider.GetRequiredService<Gateways>());
        services.AddSingleton<IClusterView, GatewayView>();
        builder.Host.UseOrleansClient(client =>
        {
            client.Configure<Orleans.Configuration.ClusterOptions>(own => own.ServiceId = own.ClusterId = options.Cluster.Id);
            client.Configure<ClientMessagingOptions>(messaging => messaging.ResponseTimeout = ClusterProfile.ResponseTimeout);
            client.Configure<GatewayOptions>(gateways => gateways.GatewayListRefreshPeriod = ListRefresh);
            client.UseConnectionRetryFilter<GatewayRetry>();
            if (options.Postgres.Connection is { } database)
            {
                client.UsePostgresClustering(database);
            }
            else
            {
                client.UseRedisMembership(options.Redis.Connection!);
            }
        });

        // After the client, which it asks through.
        services.AddHostedService(provider => provider.GetRequiredService<Gateways>());
        return builder;
    }

    /// <summary>Takes what the storages register, where there is no silo to take it.</summary>
    private sealed record StorageBuilder(IServiceCollection Services, IConfiguration Configuration) : ISiloBuilder;
}
