using System.Net;
using System.Net.Sockets;
using ControlZero.Abstractions;
using ControlZero.Grains.Cluster;
using ControlZero.Grains.Hosting;
using ControlZero.Storage.Embedded;
using Orleans.Configuration;

namespace ControlZero.Server.Hosting;

/// <summary>The silo of an embedded server: one process, no cluster around it.</summary>
internal static class SiloExtensions
{
    public static WebApplicationBuilder UseEmbeddedSilo(this WebApplicationBuilder builder, EmbeddedDatabase database)
    {
        builder.Host.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(siloPort: FreePort(), gatewayPort: 0, serviceId: "controlzero", clusterId: "embedded");
            silo.Configure<SiloOptions>(options => options.SiloName = "embedded");
            silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(5));
            silo.UseSystemTextJsonGrainStorageSerializer();
            silo.AddEmbeddedGrainStorage(StorageNames.State, database);
            silo.AddControlZeroGrains();
            silo.AddClusterFacts();
        });
        return builder;
    }

    // Orleans always listens, and takes no port 0. Nobody else needs to know the number.
    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
