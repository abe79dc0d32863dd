using System.Net;
using ControlZero.Abstractions.Tenants;
using ControlZero.Protocol.V1;
using ControlZero.Server.Hosting;
using Grpc.Core;
using Grpc.Net.Client;

namespace ControlZero.Benchmarks.FrontDoor;

/// <summary>A server in this process, over a directory of its own that goes with it. Unknown agents are allowed.</summary>
internal sealed class MeasuredServer : IAsyncDisposable
{
    private readonly DirectoryInfo _data;

    private MeasuredServer(DirectoryInfo data, ServerHost host) => (_data, Host) = (data, host);

    public ServerHost Host { get; }

    /// <summary>The services in it.</summary>
    public IServiceProvider Services => Host.App.Services;

    /// <summary>The header of its first key.</summary>
    public string Authorization => $"Bearer {Host.Data.ReadAdminKey()!.Text}";

    public static async Task<MeasuredServer> StartAsync()
    {
        var data = Directory.CreateTempSubdirectory("cz-benchmarks-");
        return new MeasuredServer(data, await ServerHost.StartAsync(
            new ServerOptions
            {
                Data = new DataOptions { Directory = data.FullName },
                Listen = new ListenOptions { Grpc = new IPEndPoint(IPAddress.Loopback, 0), Http = new IPEndPoint(IPAddress.Loopback, 0) },
                DefaultTenant = new DefaultTenantOptions { UnknownAgents = UnknownAgents.Allow },
            },
            CancellationToken.None));
    }

    /// <summary>Puts a policy in force.</summary>
    public async Task PublishAsync(string document)
    {
        using var channel = GrpcChannel.ForAddress(Greeting.Addresses(Host).Grpc);
        await new PolicyService.PolicyServiceClient(channel).PublishPolicyAsync(
            new PublishPolicyRequest { Document = document }, new Metadata { { "authorization", Authorization } });
    }

    public async ValueTask DisposeAsync()
    {
        await Host.App.StopAsync();
        await Host.DisposeAsync();
        _data.Delete(recursive: true);
    }
}
