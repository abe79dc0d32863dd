using ControlZero.Servers;
using ControlZero.Storage.Tests.Azure;

namespace ControlZero.Integration.Tests.Cluster;

/// <summary>The real servers of one set-up, started once for all clusters of a class. Each cluster has an id of its own.</summary>
public abstract class ClusterStorage : IAsyncLifetime
{
    private int _clusters;

    /// <summary>The set-up's name, as the server spells it.</summary>
    public abstract string Setup { get; }

    /// <summary>The variables that make servers one cluster on this set-up, another cluster with each call.</summary>
    public IReadOnlyDictionary<string, string> NextCluster() => new Dictionary<string, string>(Connections())
    {
        ["CONTROLZERO__CLUSTER__SETUP"] = Setup,
        ["CONTROLZERO__CLUSTER__ID"] = $"test-{Interlocked.Increment(ref _clusters)}",

        // A machine that is too busy to answer a probe is no dead silo. One that was killed is found by its closed connections all the same.
        ["CONTROLZERO__CLUSTER__MAXPROBE"] = "60s",
    };

    public abstract Task InitializeAsync();

    public abstract Task DisposeAsync();

    /// <summary>The variables that say where the set-up's servers are.</summary>
    protected abstract IReadOnlyDictionary<string, string> Connections();
}

/// <summary>State and membership in PostgreSQL.</summary>
public sealed class PostgresStorage : ClusterStorage
{
    private PostgresServer? _postgres;

    public override string Setup => "postgres";

    public override async Task InitializeAsync() => _postgres = await PostgresServer.StartAsync();

    public override async Task DisposeAsync() => await _postgres!.DisposeAsync();

    protected override IReadOnlyDictionary<string, string> Connections() =>
        new Dictionary<string, string> { ["CONTROLZERO__POSTGRES__CONNECTION"] = _postgres!.ConnectionString };
}

/// <summary>State in Azurite, membership in Redis.</summary>
public sealed class AzureStorage : ClusterStorage, IDisposable
{
    private readonly AzuriteFixture _azurite = new();
    private RedisServer? _redis;

    public override string Setup => "azure";

    public override async Task InitializeAsync()
    {
        await _azurite.InitializeAsync();
        _redis = await RedisServer.StartAsync();
    }

    public override async Task DisposeAsync()
    {
        await _redis!.DisposeAsync();
        await _azurite.DisposeAsync();
    }

    public void Dispose() => _azurite.Dispose();

    protected override IReadOnlyDictionary<string, string> Connections() => new Dictionary<string, string>
    {
        ["CONTROLZERO__AZURE__CONNECTION"] = _azurite.ConnectionString,
        ["CONTROLZERO__REDIS__CONNECTION"] = _redis!.ConnectionString,
    };
}
