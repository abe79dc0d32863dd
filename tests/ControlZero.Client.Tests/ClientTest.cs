using ControlZero.Client.Configuration;
using ControlZero.Client.Tests.Routing;
using ControlZero.Testing.Scripted;

namespace ControlZero.Client.Tests;

/// <summary>A test with a cluster of its own.</summary>
public abstract class ClientTest : IAsyncLifetime
{
    internal const string Key = "cz_test_abcdefghjkmn_s3cr3ts3cr3ts3cr3t";

    /// <summary>The chance of a test is the same in every run.</summary>
    internal const int Seed = 20261123;

    private readonly List<ControlZeroClient> _clients = [];

    internal ScriptedCluster Cluster { get; private set; } = null!;

    public async Task InitializeAsync() => Cluster = await ScriptedCluster.StartAsync();

    public async Task DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        await Cluster.DisposeAsync();
    }

    /// <summary>A client of the cluster that speaks for `agent-1`, with no environment and with time enough for a slow machine.</summary>
    internal ControlZeroClient Client(Action<ControlZeroClientOptions>? configure = null, TimeProvider? clock = null, params (string Name, string Value)[] environment)
    {
        var options = new ControlZeroClientOptions { Url = Cluster.Url, ApiKey = Key, AgentId = "agent-1", Timeout = TimeSpan.FromSeconds(30) };
        configure?.Invoke(options);
        var client = new ControlZeroClient(options, clock, Environment(environment), new SeededChance(Seed).Next);
        _clients.Add(client);
        return client;
    }

    internal static EnvironmentDefaults Environment(params (string Name, string Value)[] variables) =>
        new(name => variables.FirstOrDefault(variable => variable.Name == name).Value);
}
