using ControlZero.Client;
using ControlZero.Integration.Tests.Cluster;
using ControlZero.Integration.Tests.Processes;
using ControlZero.Servers.Network;

namespace ControlZero.Integration.Tests.FrontDoor;

/// <summary>Two silos with open gateways and a front door without a silo, each a process.</summary>
internal sealed class FrontDoorCluster : IAsyncDisposable
{
    public const int SiloPort = 11111;
    public const int GatewayPort = 30000;

    private readonly ScratchDirectory _scratch = new();
    private readonly LoopbackNetwork _network = new();
    private readonly Dictionary<string, string> _cluster;
    private readonly string _bound;

    private FrontDoorCluster(IReadOnlyDictionary<string, string> cluster, string bound)
    {
        _cluster = new Dictionary<string, string>(cluster);
        _bound = bound;
    }

    /// <summary>The silos, whether they run or not.</summary>
    public ServerProcess[] Silos { get; } = new ServerProcess[2];

    /// <summary>The front door.</summary>
    public ServerProcess Door { get; private set; } = null!;

    /// <summary>The cluster's first key.</summary>
    public string AdminKey => Silos[0].AdminKey;

    /// <summary>Starts them, the front door first: it waits for the silos.</summary>
    /// <param name="storage">What they store in.</param>
    /// <param name="bound">The freshness bound. Default: so long that a busy machine denies nothing.</param>
    /// <param name="tls">Variables for TLS between them. Null: none.</param>
    /// <param name="ofDoor">Variables of the front door alone, in place of the cluster's. Null: none.</param>
    public static async Task<FrontDoorCluster> StartAsync(
        ClusterStorage storage,
        string bound = "5m",
        IReadOnlyDictionary<string, string>? tls = null,
        IReadOnlyDictionary<string, string>? ofDoor = null)
    {
        var cluster = new FrontDoorCluster(new Dictionary<string, string>([.. storage.NextCluster(), .. tls ?? new Dictionary<string, string>()]), bound);
        var door = ServerProcess.StartAsync(
            cluster._scratch.At("door"),
            cluster._cluster.Where(setting => setting.Key != "CONTROLZERO__CLUSTER__MAXPROBE" && ofDoor?.ContainsKey(setting.Key) != true)
                .Concat(ofDoor ?? new Dictionary<string, string>()).ToDictionary(),
            "--role", "frontdoor", "--freshness-bound", bound);
        await cluster.StartSiloAsync(0);
        await cluster.StartSiloAsync(1);
        cluster.Door = await door;
        return cluster;
    }

    /// <summary>The address of a silo, without port.</summary>
    public string AddressOf(int silo) => _network.AddressOf(silo);

    /// <summary>Starts a silo, again at the same address.</summary>
    public async Task StartSiloAsync(int index)
    {
        Silos[index] = await ServerProcess.StartAsync(
            _scratch.At($"silo-{index}"),
            new Dictionary<string, string>(_cluster)
            {
                ["CONTROLZERO__CLUSTER__GATEWAYPORT"] = $"{GatewayPort}",
                ["CONTROLZERO__CLUSTER__NAME"] = $"silo-{index}",
            },
            "--silo", $"{AddressOf(index)}:{SiloPort}", "--freshness-bound", _bound);
    }

    /// <summary>A client of the front door, or of another server.</summary>
    public ControlZeroClient Connect(ServerProcess? server = null, string? key = null) => (server ?? Door).Connect(key ?? AdminKey);

    public async ValueTask DisposeAsync()
    {
        await Door.DisposeAsync();
        foreach (var silo in Silos)
        {
            await silo.DisposeAsync();
        }

        _scratch.Dispose();
    }
}
