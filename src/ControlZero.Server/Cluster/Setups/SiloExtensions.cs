using System.Globalization;
using System.Net;
using ControlZero.Abstractions;
using ControlZero.Grains.Cluster;
using ControlZero.Grains.Hosting;
using ControlZero.Server.Audit.Reading;
using ControlZero.Server.Cluster.Tls;
using ControlZero.Server.Health;
using ControlZero.Server.Hosting;
using ControlZero.Server.Tenants;
using ControlZero.Storage.Azure;
using ControlZero.Storage.Embedded;
using ControlZero.Storage.Postgres;
using ControlZero.Storage.Redis;
using Orleans.Configuration;

namespace ControlZero.Server.Cluster.Setups;

/// <summary>The silo of this server, by its set-up.</summary>
internal static class SiloExtensions
{
    /// <summary>Adds it.</summary>
    /// <param name="builder">The server.</param>
    /// <param name="options">What the operator decided.</param>
    /// <param name="database">The file of an embedded server. Null: it is none.</param>
    /// <param name="port">The silo's port.</param>
    public static WebApplicationBuilder UseSilo(this WebApplicationBuilder builder, ServerOptions options, EmbeddedDatabase? database, int port)
    {
        builder.Host.UseOrleans(silo =>
        {
            silo.Configure<SiloMessagingOptions>(messaging => messaging.ResponseTimeout = ClusterProfile.ResponseTimeout);
            silo.UseSystemTextJsonGrainStorageSerializer();
            if (database is not null)
            {
                silo.UseLocalhostClustering(siloPort: port, gatewayPort: 0, serviceId: "controlzero", clusterId: "embedded");
                silo.Configure<SiloOptions>(own => own.SiloName = "embedded");

                // The whole directory is here: a cache before it would only hold every agent's address twice.
                silo.Configure<GrainDirectoryOptions>(directory => directory.CachingStrategy = GrainDirectoryOptions.CachingStrategyType.None);
                silo.AddEmbeddedGrainStorage(StorageNames.State, database);
            }
            else
            {
                silo.JoinCluster(options.Cluster, port);
                silo.KeepMembership(options);
                silo.KeepState(options);
                silo.AddStorageTrial();
            }

            silo.AddControlZeroGrains();
            silo.AddClusterFacts();
            silo.AddGrainService<AuditReadService>();
        });
        builder.Services.AddPeerTls(options.Cluster);
        if (options.Cluster.HasPeers)
        {
            builder.Services.AddSingleton<MembershipContact>();
            builder.Services.AddHostedService(services => services.GetRequiredService<MembershipContact>());
        }

        builder.Services.AddSingleton<IMembership>(services => new SiloMembership(
            services.GetRequiredService<ISiloStatusOracle>(), services.GetService<MembershipContact>()));
        builder.Services.AddSingleton<ISiloFactsSource, SiloSelf>();
        builder.Services.AddSingleton<FirstKey>();
        builder.Services.AddHostedService(services => services.GetRequiredService<FirstKey>());
        return builder;
    }

    private static void JoinCluster(this ISiloBuilder silo, ClusterSettings cluster, int port)
    {
        silo.Configure<Orleans.Configuration.ClusterOptions>(own => own.ServiceId = own.ClusterId = cluster.Id);
        silo.Configure<SiloOptions>(own => own.SiloName = cluster.Name
            ?? string.Create(CultureInfo.InvariantCulture, $"{Dns.GetHostName()}-{port}"));
        silo.Configure<EndpointOptions>(endpoints =>
        {
            endpoints.AdvertisedIPAddress = cluster.Silo.Address;
            endpoints.SiloPort = port;
            endpoints.SiloListeningEndpoint = new IPEndPoint(cluster.Silo.Address, port);
            endpoints.GatewayPort = cluster.GatewayPort;
            endpoints.GatewayListeningEndpoint = cluster.GatewayPort == 0 ? null : new IPEndPoint(cluster.Silo.Address, cluster.GatewayPort);
        });
        silo.UseClusterProfile(cluster);
        if (cluster.Kubernetes)
        {
            silo.UseKubernetesHosting();
        }
    }

    private static void KeepMembership(this ISiloBuilder silo, ServerOptions options)
    {
        if (options.Postgres.Connection is { } database)
        {
            silo.UsePostgresClustering(database);
        }
        else
        {
            silo.UseRedisMembership(options.Redis.Connection!);
        }
    }

    /// <summary>Registers the storages of grain state that a cluster's set-up has.</summary>
    public static void KeepState(this ISiloBuilder silo, ServerOptions options)
    {
        if (options.Cluster.Setup == SetupKind.Postgres)
        {
            silo.AddPostgresGrainStorage(StorageNames.State, options.Postgres.Connection!);
            return;
        }

        silo.AddAzureTableGrainStorage(StorageNames.State, table => table.TableServiceClient = AzureStorageClients.Tables(options.Azure.Tables));
        silo.AddAzureBlobGrainStorage(StorageNames.Policies, blobs =>
        {
            blobs.ContainerName = SetupTrial.PoliciesContainer(options.Cluster);
            blobs.BlobServiceClient = AzureStorageClients.Blobs(options.Azure.Blobs);
        });
    }
}
