using ControlZero.Servers.Network;

namespace ControlZero.Servers.Cluster;

/// <summary>Where the servers of a cluster keep what they know, started for that cluster alone.</summary>
public abstract class ClusterStore : IAsyncDisposable
{
    /// <summary>The set-ups there are, as the server spells them.</summary>
    public static IReadOnlyList<string> Setups { get; } = ["embedded", "azure", "postgres"];

    /// <summary>The set-up's name, as the server spells it.</summary>
    public abstract string Setup { get; }

    /// <summary>The server's settings that say where the storage is, as environment variables.</summary>
    public abstract IReadOnlyDictionary<string, string> Settings { get; }

    /// <summary>Whether the storage is a program of its own, which can be stopped while servers run.</summary>
    public virtual bool CanStop => true;

    /// <summary>Starts the storage of a set-up, and returns when it serves.</summary>
    /// <exception cref="ArgumentException">There is no such set-up.</exception>
    public static async Task<ClusterStore> StartAsync(string setup, ServerNetwork network, CancellationToken cancellationToken = default) => setup switch
    {
        "embedded" => new EmbeddedStore(),
        "postgres" => await PostgresStore.StartAsync(network, cancellationToken),
        "azure" => await AzureStore.StartAsync(network, cancellationToken),
        _ => throw new ArgumentException($"there is no set-up `{setup}`; take one of {string.Join(", ", Setups)}", nameof(setup)),
    };

    /// <summary>Stops it. What it had acknowledged is there after <see cref="RestartAsync"/>.</summary>
    public abstract Task StopAsync();

    /// <summary>Starts it again where it was, and returns when it serves.</summary>
    public abstract Task RestartAsync(CancellationToken cancellationToken = default);

    /// <summary>Stops it and removes its data.</summary>
    public abstract ValueTask DisposeAsync();
}

/// <summary>One server and one file, in the server's own directory.</summary>
internal sealed class EmbeddedStore : ClusterStore
{
    public override string Setup => "embedded";

    public override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>();

    public override bool CanStop => false;

    public override Task StopAsync() => throw new NotSupportedException("an embedded server has no storage of its own to stop");

    public override Task RestartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>State and membership in PostgreSQL. A stop is a crash.</summary>
internal sealed class PostgresStore : ClusterStore
{
    private readonly PostgresServer _postgres;

    private PostgresStore(PostgresServer postgres, string connection)
    {
        _postgres = postgres;
        Settings = new Dictionary<string, string> { ["CONTROLZERO__POSTGRES__CONNECTION"] = connection };
    }

    public override string Setup => "postgres";

    public override IReadOnlyDictionary<string, string> Settings { get; }

    public static async Task<PostgresStore> StartAsync(ServerNetwork network, CancellationToken cancellationToken)
    {
        var postgres = await PostgresServer.StartAsync(network, cancellationToken);
        return new PostgresStore(postgres, await postgres.CreateDatabaseAsync(cancellationToken));
    }

    public override Task StopAsync() => _postgres.StopAsync();

    public override Task RestartAsync(CancellationToken cancellationToken = default) => _postgres.RestartAsync(cancellationToken);

    public override ValueTask DisposeAsync() => _postgres.DisposeAsync();
}

/// <summary>State in Azurite, membership in Redis. Both are stopped together.</summary>
internal sealed class AzureStore : ClusterStore
{
    private readonly AzuriteServer _azurite;
    private readonly RedisServer _redis;

    private AzureStore(AzuriteServer azurite, RedisServer redis)
    {
        _azurite = azurite;
        _redis = redis;
        Settings = new Dictionary<string, string>
        {
            ["CONTROLZERO__AZURE__CONNECTION"] = azurite.ConnectionString,
            ["CONTROLZERO__REDIS__CONNECTION"] = redis.ConnectionString,
        };
    }

    public override string Setup => "azure";

    public override IReadOnlyDictionary<string, string> Settings { get; }

    public static async Task<AzureStore> StartAsync(ServerNetwork network, CancellationToken cancellationToken)
    {
        var azurite = await AzuriteServer.StartAsync(network, cancellationToken);
        return new AzureStore(azurite, await RedisServer.StartAsync(network, cancellationToken));
    }

    public override Task StopAsync() => Task.WhenAll(_azurite.StopAsync(), _redis.StopAsync());

    public override Task RestartAsync(CancellationToken cancellationToken = default) =>
        Task.WhenAll(_azurite.RestartAsync(cancellationToken), _redis.RestartAsync(cancellationToken));

    public override async ValueTask DisposeAsync()
    {
        await _redis.DisposeAsync();
        await _azurite.DisposeAsync();
    }
}
