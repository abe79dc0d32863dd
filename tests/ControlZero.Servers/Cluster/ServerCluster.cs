using ControlZero.Servers.Network;

namespace ControlZero.Servers.Cluster;

/// <summary>What a cluster is made of.</summary>
public sealed record ServerClusterOptions
{
    /// <summary>The server's program, built.</summary>
    public required string Program { get; init; }

    /// <summary>Where the servers keep their data and logs. It is made, and left: what a run did is to be looked at after.</summary>
    public required string Directory { get; init; }

    /// <summary>Where state and membership are kept, one of <see cref="ClusterStore.Setups"/>.</summary>
    public required string Setup { get; init; }

    /// <summary>How many servers. Default: 3; an embedded one is alone.</summary>
    public int Servers { get; init; } = 3;

    /// <summary>How many front doors without a silo, after the servers. They ask the silos' gateways, which are closed without them. Default: 0.</summary>
    public int FrontDoors { get; init; }

    /// <summary>
    /// Whether to make network namespaces, in which links can be cut. This process must be alone in its own then (<c>unshare --net</c>).
    /// Default: false, everything is on loopback.
    /// </summary>
    public bool PrivateNetwork { get; init; }

    /// <summary>More settings for every server, as environment variables. Default: none, the product's own defaults.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();
}

/// <summary>Servers of one cluster, each a process, with the storage of a set-up. All of it ends with this process.</summary>
public sealed class ServerCluster : IAsyncDisposable
{
    private const int GrpcPort = 5050;
    private const int HttpPort = 5051;
    private const int SiloPort = 11111;
    private const int GatewayPort = 30000;

    private ServerCluster(ServerClusterOptions options, ServerNetwork network, ClusterStore store)
    {
        Options = options;
        Network = network;
        Store = store;
        All = [.. Enumerable.Range(1, store.Setup == "embedded" ? 1 : options.Servers + options.FrontDoors).Select(number => new ClusterServer(this, number))];
    }

    /// <summary>What it was made from.</summary>
    public ServerClusterOptions Options { get; }

    /// <summary>Where the servers are.</summary>
    public ServerNetwork Network { get; }

    /// <summary>Where they keep what they know.</summary>
    public ClusterStore Store { get; }

    /// <summary>The servers, whether they run or not; front doors without a silo are the last of them.</summary>
    public IReadOnlyList<ClusterServer> All { get; }

    /// <summary>The addresses of all servers, as a client takes them.</summary>
    public string Urls => string.Join(',', All.Select(server => server.Url));

    /// <summary>The cluster's first key. The server that was started first made it.</summary>
    public string AdminKey => File.ReadAllText(Path.Combine(All[0].Data, "admin.key")).Trim();

    /// <summary>Starts storage and servers, and returns when all serve.</summary>
    public static async Task<ServerCluster> StartAsync(ServerClusterOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        Directory.CreateDirectory(options.Directory);
        ServerNetwork network = options.PrivateNetwork
            ? await PrivateNetwork.CreateAsync(options.Servers + options.FrontDoors, cancellationToken)
            : new LoopbackNetwork();
        ServerCluster? cluster = null;
        try
        {
            cluster = new ServerCluster(options, network, await ClusterStore.StartAsync(options.Setup, network, cancellationToken));

            // The first one alone: it makes the first key.
            await cluster.All[0].StartAsync(cancellationToken);
            await Task.WhenAll(cluster.All.Skip(1).Select(server => server.StartAsync(cancellationToken)));
            return cluster;
        }
        catch
        {
            await (cluster?.DisposeAsync() ?? network.DisposeAsync());
            throw;
        }
    }

    /// <summary>Whether a server has no silo.</summary>
    public bool IsFrontDoor(ClusterServer server)
    {
        ArgumentNullException.ThrowIfNull(server);
        return server.Number > Options.Servers;
    }

    /// <summary>Kills the servers, ends the storage and the network. Data and logs of the servers stay.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var server in All)
        {
            await server.DisposeAsync();
        }

        await Store.DisposeAsync();
        await Network.DisposeAsync();
    }

    internal IEnumerable<string> ArgumentsOf(ClusterServer server)
    {
        var address = Network.AddressOf(server.Number);
        string[] arguments =
            ["--data", server.Data, "--grpc", $"{address}:{GrpcPort}", "--http", $"{address}:{HttpPort}", "--unknown-agents", "allow"];
        string[] silo = Store.Setup == "embedded" ? [] : IsFrontDoor(server) ? ["--role", "frontdoor"] : ["--silo", $"{address}:{SiloPort}"];
        string[] insecure = Network.IsLoopback ? [] : ["--allow-insecure"];
        return [.. arguments, .. silo, .. insecure];
    }

    internal IEnumerable<KeyValuePair<string, string>> SettingsOf(ClusterServer server) =>
    [
        new("CONTROLZERO__CLUSTER__SETUP", Store.Setup),
        new("CONTROLZERO__LISTEN__ALLOWEDHOSTS", "*"),
        .. Store.Setup == "embedded" || IsFrontDoor(server) ? [] : SettingsOfSilo(server),
        .. Store.Settings,
        .. Options.Settings,
    ];

    private IEnumerable<KeyValuePair<string, string>> SettingsOfSilo(ClusterServer server)
    {
        yield return new("CONTROLZERO__CLUSTER__NAME", $"server-{server.Number}");
        if (!Network.IsLoopback)
        {
            yield return new("CONTROLZERO__CLUSTER__ALLOWINSECURE", "true");
        }

        if (Options.FrontDoors > 0)
        {
            yield return new("CONTROLZERO__CLUSTER__GATEWAYPORT", $"{GatewayPort}");
        }
    }
}
