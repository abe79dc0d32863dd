using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace ControlZero.Storage.Tests.Cluster;

/// <summary>Real silos in this process, over sockets on loopback, that know each other only by their membership table.</summary>
internal sealed class TestCluster(string clusterId, Action<ISiloBuilder> configureSilo, Action<IClientBuilder> configureClient) : IAsyncDisposable
{
    // Nothing here is about speed: on a busy machine a silo may be slow for long, and shall not be taken for dead.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly List<IHost> _hosts = [];

    /// <summary>Starts a silo, and returns when it has joined.</summary>
    public async Task<IHost> StartSiloAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            var host = CreateSilo(FreePort(), FreePort());
            try
            {
                await host.StartAsync();
                _hosts.Add(host);
                return host;
            }
            catch (Exception failure) when (attempt < 20 && IsTaken(failure))
            {
                // Somebody took a port after we had seen it free. Nothing of the silo is in the table yet: it listens before it joins.
                host.Dispose();
            }
        }
    }

    /// <summary>Starts a process's worth of front door: it calls grains and hosts none.</summary>
    public async Task<IHost> StartClientAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleansClient(client =>
        {
            Configure(client.Services);
            client.Services.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = Patience);
            configureClient(client);
        });
        var host = builder.Build();
        await host.StartAsync();
        _hosts.Add(host);
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in Enumerable.Reverse(_hosts))
        {
            await host.StopAsync();
            host.Dispose();
        }
    }

    private IHost CreateSilo(int siloPort, int gatewayPort)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Error));
        builder.UseOrleans(silo =>
        {
            Configure(silo.Services);
            silo.Services.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = Patience);
            silo.Services.Configure<ClusterMembershipOptions>(options => options.ProbeTimeout = Patience);
            silo.ConfigureEndpoints(IPAddress.Loopback, siloPort, gatewayPort);
            silo.UseSystemTextJsonGrainStorageSerializer();
#pragma warning disable ORLEANSEXP003 // The directory that the server uses: the default one may activate a grain twice while a silo joins.
            silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
            configureSilo(silo);
        });
        return builder.Build();
    }

    private void Configure(IServiceCollection services)
    {
        services.Configure<HostOptions>(options => options.ShutdownTimeout = Patience);
        services.Configure<ConnectionOptions>(options => options.OpenConnectionTimeout = Patience);
        services.Configure<ClusterOptions>(options =>
        {
            options.ServiceId = "tests";
            options.ClusterId = clusterId;
        });
    }

    private static bool IsTaken(Exception? failure) =>
        failure is not null
        && (failure is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse }
            || (failure is AggregateException many ? many.InnerExceptions.Any(IsTaken) : IsTaken(failure.InnerException)));

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
