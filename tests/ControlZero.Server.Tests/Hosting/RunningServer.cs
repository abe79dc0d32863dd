using System.Net;
using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Agents;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Hosting;
using ControlZero.Protocol.V1;
using ControlZero.Server.Audit;
using ControlZero.Server.Hosting;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;

namespace ControlZero.Server.Tests.Hosting;

/// <summary>A whole server on free ports over a directory of its own, for all tests of the collection.</summary>
public class RunningServer : IAsyncLifetime
{
    /// <summary>The context key whose values the server keeps in its events.</summary>
    public const string KeptContextKey = "kept";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("cz-server-");
    private readonly List<GrpcChannel> _channels = [];
    private ServerHost _host = null!;
    private int _tenants;

    /// <summary>The calls that reach agents' grains.</summary>
    internal AgentCalls AgentCalls { get; } = new();

    /// <summary>The server's clock.</summary>
    internal AdvancingClock Clock { get; } = new();

    /// <summary>Where gRPC listens.</summary>
    public Uri Grpc { get; private set; } = null!;

    /// <summary>Where HTTP listens.</summary>
    public Uri Http { get; private set; } = null!;

    /// <summary>The first key: tenant `default`, everything.</summary>
    public string AdminKey { get; private set; } = "";

    /// <summary>Where the server keeps what it stores.</summary>
    public string Data => Path.Combine(_directory.FullName, "data");

    /// <summary>What the server runs on.</summary>
    public IServiceProvider Services => _host.App.Services;

    /// <summary>A channel without a key.</summary>
    public GrpcChannel Channel { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        _host = await ServerHost.StartAsync(
            new ServerOptions
            {
                Data = new DataOptions { Directory = Data },
                Listen = new ListenOptions { Grpc = new IPEndPoint(IPAddress.Loopback, 0), Http = new IPEndPoint(IPAddress.Loopback, 0) },
                DefaultTenant = new DefaultTenantOptions { UnknownAgents = UnknownAgents.Allow },
                Freshness = new FreshnessSettings { Bound = FreshnessBound },
                Tenants = new TenancySettings { Max = MaxTenants },
                Audit = new AuditSettings { ContextKeys = [KeptContextKey] },
            },
            CancellationToken.None,
            AlsoAdd);
        var (grpc, http) = Greeting.Addresses(_host);
        Grpc = new Uri(grpc);
        Http = new Uri(http);
        AdminKey = _host.Data.ReadAdminKey()!.Text;
        Channel = Open();
    }

    /// <summary>How far the server may be behind. A machine that is too busy to read the feed for two seconds must not change an answer.</summary>
    private protected virtual TimeSpan FreshnessBound => FreshnessOptions.Longest;

    /// <summary>How many tenants the server may have.</summary>
    private protected virtual int MaxTenants => new TenancySettings().Max;

    /// <summary>Cells that the front door never finds: every decision is then a call to the agent's grain.</summary>
    private protected static AgentCells ClosedCells(IServiceProvider services) => new(
        services.GetRequiredService<SiloFreshness>(),
        services.GetRequiredService<AgentNotices>(),
        services.GetRequiredKeyedService<TimeProvider>(ClusterClock.Key),
        services)
    {
        IsOpen = false,
    };

    /// <summary>Puts what a test looks with into the server.</summary>
    private protected virtual void AlsoAdd(IServiceCollection services)
    {
        services.AddSingleton<IIncomingGrainCallFilter>(AgentCalls);
        services.AddKeyedSingleton<TimeProvider>(ClusterClock.Key, Clock);
    }

    public async Task DisposeAsync()
    {
        _channels.ForEach(channel => channel.Dispose());
        await _host.App.StopAsync();
        await _host.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    /// <summary>A connection of its own.</summary>
    public GrpcChannel Open()
    {
        var channel = GrpcChannel.ForAddress(Grpc);
        _channels.Add(channel);
        return channel;
    }

    /// <summary>The headers of a call with that key; the first key when none is named.</summary>
    public Metadata With(string? key = null) => new() { { "authorization", $"Bearer {key ?? AdminKey}" } };

    /// <summary>A tenant of one test's own, and its first key.</summary>
    public async Task<(string Tenant, string Key)> NewTenantAsync(
        string unknownAgents = "allow",
        long maxAgents = 0,
        bool test = false,
        string defaultOnEmpty = "",
        bool allowStale = false)
    {
        var id = $"tenant-{Interlocked.Increment(ref _tenants)}";
        var created = await new TenantService.TenantServiceClient(Channel).CreateTenantAsync(
            new CreateTenantRequest
            {
                TenantId = id,
                UnknownAgents = unknownAgents,
                MaxAgents = maxAgents,
                Test = test,
                DefaultOnEmpty = defaultOnEmpty,
                AllowStale = allowStale,
            },
            With());
        return (id, created.Key);
    }

    /// <summary>A tenant of one test's own with these policies in force, and its first key.</summary>
    public async Task<(string Tenant, string Key)> NewTenantWithAsync(params string[] documents)
    {
        var (tenant, key) = await NewTenantAsync();
        foreach (var document in documents)
        {
            await new PolicyService.PolicyServiceClient(Channel).PublishPolicyAsync(new PublishPolicyRequest { Document = document }, With(key));
        }

        return (tenant, key);
    }

    /// <summary>
    /// Waits until the server has read the feed once more: what other tests changed of agents is known then. News of any agent make each cell be
    /// confirmed by its grain once.
    /// </summary>
    public Task HasHeardAsync()
    {
        var freshness = Services.GetRequiredService<SiloFreshness>();
        var since = freshness.Now();
        return Until.TrueAsync(() => freshness.Age < freshness.Since(since), "the feed was read");
    }

    /// <summary>How often the agent was allowed and denied. Null: it is not registered.</summary>
    public async Task<(long Allowed, long Denied)?> UsageAsync(string key, string agent = "bot")
    {
        try
        {
            var usage = await new AgentService.AgentServiceClient(Channel).GetUsageAsync(new GetUsageRequest { AgentId = agent }, With(key));
            return (usage.Allowed, usage.Denied);
        }
        catch (RpcException failure) when (failure.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>A key of the tenant that the given key administers.</summary>
    public async Task<string> NewKeyAsync(string by, string[] scopes, params string[] agents)
    {
        var created = await new TenantService.TenantServiceClient(Channel).CreateKeyAsync(
            new CreateKeyRequest { Scopes = { scopes }, Agents = { agents } }, With(by));
        return created.Key;
    }
}

/// <summary>A server whose front door decides nothing by itself: every decision is a call to the agent's grain.</summary>
public sealed class GrainPathServer : RunningServer
{
    private protected override void AlsoAdd(IServiceCollection services)
    {
        base.AlsoAdd(services);
        services.AddSingleton(ClosedCells);
    }
}

/// <summary>The tests that share the server.</summary>
[CollectionDefinition(Name)]
public sealed class RunningServerCollection : ICollectionFixture<RunningServer>
{
    public const string Name = "running server";
}
