using ControlZero.Server.Cluster.Setups;
using ControlZero.Server.Hosting.Tls;
using Microsoft.AspNetCore.Connections;
using Orleans.Configuration;

namespace ControlZero.Server.Cluster.Tls;

/// <summary>Puts TLS between the servers of a cluster, where there is a certificate for it.</summary>
internal static class PeerTlsExtensions
{
    private const string Key = "cluster";

    /// <summary>Of a silo: to and from other silos, and from front doors.</summary>
    public static IServiceCollection AddPeerTls(this IServiceCollection services, ClusterSettings cluster)
    {
        if (!cluster.Tls.IsOn)
        {
            return services;
        }

        services.AddClusterCredentials(cluster.Tls);
        services.AddOptions<SiloConnectionOptions>().Configure<IServiceProvider>((connections, provider) =>
        {
            connections.ConfigureSiloOutboundConnection(connection => connection.UsePeerTls(provider, cluster, calls: true));
            connections.ConfigureSiloInboundConnection(connection => connection.UsePeerTls(provider, cluster, calls: false));
            connections.ConfigureGatewayInboundConnection(connection => connection.UsePeerTls(provider, cluster, calls: false));
        });
        return services;
    }

    /// <summary>Of a front door: to the silos' gateways.</summary>
    public static IServiceCollection AddGatewayTls(this IServiceCollection services, ClusterSettings cluster)
    {
        if (!cluster.Tls.IsOn)
        {
            return services;
        }

        services.AddClusterCredentials(cluster.Tls);
        services.AddOptions<ClientConnectionOptions>().Configure<IServiceProvider>((connections, provider) =>
            connections.ConfigureConnection(connection => connection.UsePeerTls(provider, cluster, calls: true)));
        return services;
    }

    private static void AddClusterCredentials(this IServiceCollection services, ClusterTlsOptions tls)
    {
        services.AddKeyedSingleton(Key, (provider, _) => new ServerCredentials(
            tls.Files, TimeProvider.System, provider.GetRequiredService<ILogger<ServerCredentials>>()));
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredKeyedService<ServerCredentials>(Key));
    }

    private static void UsePeerTls(this IConnectionBuilder connection, IServiceProvider provider, ClusterSettings cluster, bool calls) => connection.UseMiddleware(
        new PeerTls(
            provider.GetRequiredKeyedService<ServerCredentials>(Key),
            cluster.Tls.NameOfPeers(cluster.Id),
            calls,
            provider.GetRequiredService<ILogger<PeerTls>>()));
}
