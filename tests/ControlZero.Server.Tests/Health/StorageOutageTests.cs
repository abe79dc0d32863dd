using System.Net;
using ControlZero.Abstractions;
using ControlZero.Grains.Feed;
using ControlZero.Protocol.V1;
using ControlZero.Server.Health;
using ControlZero.Server.Hosting;
using ControlZero.Server.Tests.Hosting;
using ControlZero.Server.Tests.Telemetry;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace ControlZero.Server.Tests.Health;

/// <summary>A server whose storage goes away under it, and comes back.</summary>
public sealed class StorageOutageTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("cz-outage-");
    private SwitchedStorage _storage = null!;

    [Fact]
    public async Task Outage_OfStorage_EndsReadinessAndNotLife_UntilItIsOver()
    {
        await using var host = await StartAsync();
        var (grpc, http) = Greeting.Addresses(host);
        using var client = new HttpClient { BaseAddress = new Uri(http) };
        using var channel = GrpcChannel.ForAddress(grpc);
        var health = new Grpc.Health.V1.Health.HealthClient(channel);
        Assert.Equal((HttpStatusCode.OK, "ready"), await GetAsync(client, "/health/ready"));

        // Whose key a silo has never seen, it cannot know while its storage is away.
        await StatusAsync(channel, host);
        _storage.Failure = new IOException("the disk is gone");
        await Until.TrueAsync(() => !host.App.Services.GetRequiredService<StorageProbe>().IsReachable, "the outage was seen");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "not ready: storage_unreachable"), await GetAsync(client, "/health/ready"));
        Assert.Equal((HttpStatusCode.OK, "alive"), await GetAsync(client, "/health/live"));
        Assert.Equal((HttpStatusCode.OK, "started"), await GetAsync(client, "/health/startup"));
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, (await health.CheckAsync(new HealthCheckRequest())).Status);
        Assert.Equal("storage_unreachable", await NotReadyAsync(channel, host));

        _storage.Failure = null;
        await Until.TrueAsync(() => host.App.Services.GetRequiredService<StorageProbe>().IsReachable, "its end was seen");

        Assert.Equal((HttpStatusCode.OK, "ready"), await GetAsync(client, "/health/ready"));
        await host.App.StopAsync();
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static async Task<(HttpStatusCode, string)> GetAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    // The facts of a silo are kept for a second: asked until they are new.
    private static async Task<string> NotReadyAsync(GrpcChannel channel, ServerHost host)
    {
        var silo = new Protocol.V1.Silo();
        await Until.TrueAsync(
            async () =>
            {
                silo = (await StatusAsync(channel, host)).Silos.Single();
                return !silo.Ready;
            },
            "the status says that the silo is not ready");
        return string.Join(' ', silo.NotReadyReasons);
    }

    private static async Task<GetStatusResponse> StatusAsync(GrpcChannel channel, ServerHost host) =>
        await new ClusterService.ClusterServiceClient(channel).GetStatusAsync(
            new GetStatusRequest(), new Metadata { { "authorization", $"Bearer {host.Data.ReadAdminKey()!.Text}" } });

    private Task<ServerHost> StartAsync() => ServerHost.StartAsync(
        new ServerOptions
        {
            Data = new DataOptions { Directory = Path.Combine(_directory.FullName, "data") },
            Listen = new ListenOptions { Grpc = new IPEndPoint(IPAddress.Loopback, 0), Http = new IPEndPoint(IPAddress.Loopback, 0) },
            Freshness = new FreshnessSettings { Bound = FreshnessOptions.Longest },
        },
        CancellationToken.None,
        services =>
        {
            services.AddSingleton(new StorageProbeOptions { Period = TimeSpan.FromMilliseconds(20) });
            var real = services.Last(service => service.ServiceType == typeof(IGrainStorage) && Equals(service.ServiceKey, StorageNames.State));
            services.AddKeyedSingleton<IGrainStorage>(
                StorageNames.State,
                (provider, key) => _storage = new SwitchedStorage((IGrainStorage)real.KeyedImplementationFactory!(provider, key)));
        });
}
