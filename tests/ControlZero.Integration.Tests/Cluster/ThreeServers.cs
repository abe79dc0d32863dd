using ControlZero.Client;
using ControlZero.Integration.Tests.Processes;

namespace ControlZero.Integration.Tests.Cluster;

/// <summary>Three servers of one cluster, each a process with a directory of its own.</summary>
internal sealed class ThreeServers : IAsyncDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly IReadOnlyDictionary<string, string> _cluster;
    private readonly List<ControlZeroClient> _clients = [];

    private ThreeServers(IReadOnlyDictionary<string, string> cluster) => _cluster = cluster;

    /// <summary>The servers that run.</summary>
    public ServerProcess[] All { get; private set; } = [];

    /// <summary>The cluster's first key. The server that was started first made it.</summary>
    public string AdminKey => File.ReadAllText(_scratch.At("data-0", "admin.key")).Trim();

    /// <summary>Starts the three.</summary>
    /// <param name="storage">What they store in.</param>
    public static async Task<ThreeServers> StartAsync(ClusterStorage storage)
    {
        var servers = new ThreeServers(storage.NextCluster());
        await servers.StartAsync();
        return servers;
    }

    /// <summary>Starts the three, again on the state they left.</summary>
    public async Task StartAsync()
    {
        var first = await StartAsync(0);
        All = [first, .. await Task.WhenAll(StartAsync(1), StartAsync(2))];
    }

    /// <summary>A client of one of them. It makes one attempt.</summary>
    public ControlZeroClient Connect(int server) => All[server].Connect(AdminKey);

    /// <summary>A client with all three addresses, as a program has it, and the patience of a test.</summary>
    public ControlZeroClient ConnectToAll()
    {
        var client = new ControlZeroClient(new ControlZeroClientOptions
        {
            Url = string.Join(',', All.Select(server => server.Url)),
            ApiKey = AdminKey,
            Timeout = TimeSpan.FromSeconds(60),
            MaxAttempts = 10,
        });
        _clients.Add(client);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        foreach (var server in All)
        {
            await server.DisposeAsync();
        }

        _scratch.Dispose();
    }

    private Task<ServerProcess> StartAsync(int index) =>
        ServerProcess.StartAsync(_scratch.At($"data-{index}"), _cluster, "--silo", "127.0.0.1:0");
}
