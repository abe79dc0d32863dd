using ControlZero.Client.Routing;
using ControlZero.Client.Tests.Routing;
using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Grpc.Core;

namespace ControlZero.Client.Tests;

/// <summary>A test with three servers of its own.</summary>
public abstract class SeveralServersTest : IAsyncLifetime
{
    private readonly List<ControlZeroClient> _clients = [];

    /// <summary>The time of a call; enough for a slow machine.</summary>
    internal static TimeSpan Patience { get; } = TimeSpan.FromSeconds(60);

    internal ScriptedCluster[] Servers { get; private set; } = [];

    internal string Urls => string.Join(',', Servers.Select(server => server.Url));

    public async Task InitializeAsync() =>
        Servers = await Task.WhenAll(ScriptedCluster.StartAsync(), ScriptedCluster.StartAsync(), ScriptedCluster.StartAsync());

    public async Task DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        foreach (var server in Servers)
        {
            await server.DisposeAsync();
        }
    }

    internal ControlZeroClient Client(string? urls = null, TimeProvider? clock = null, Action<ControlZeroClientOptions>? configure = null)
    {
        var options = new ControlZeroClientOptions { Url = urls ?? Urls, ApiKey = ClientTest.Key, Timeout = Patience };
        configure?.Invoke(options);
        var client = new ControlZeroClient(options, clock, ClientTest.Environment(), new SeededChance(ClientTest.Seed).Next);
        _clients.Add(client);
        return client;
    }

    internal static EnforceQuery About(string agent) => new() { Action = "llm.generate", AgentId = agent };

    internal void AllAllow() => Array.ForEach(Servers, server => server.On<EnforceRequest>(_ => Answers.Allow()));

    internal static async Task<object> AllowNaming(string owner, ServerCallContext context)
    {
        await context.WriteResponseHeadersAsync(new Metadata { { "controlzero-owner", owner } });
        return Answers.Allow();
    }

    /// <summary>The server an agent is asked about first.</summary>
    internal ScriptedCluster First(string agent) =>
        Servers.MaxBy(server => Rendezvous.Score(Rendezvous.Seed(server.Authority), Rendezvous.Seed(agent)))!;

    /// <summary>An agent that is asked about at this server first.</summary>
    internal string AgentOf(ScriptedCluster server) => Enumerable.Range(0, int.MaxValue).Select(index => $"agent-{index}").First(agent => First(agent) == server);
}
