using ControlZero.Servers.Network;
using Npgsql;

namespace ControlZero.Servers;

/// <summary>A real PostgreSQL of this process's own: fresh, private to this user, on a socket in its own directory. Ends with this process.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private readonly ServerProcess _process;
    private readonly string? _address;
    private int _databases;

    private PostgresServer(ServerProcess process, string? address)
    {
        _process = process;
        _address = address;
        ConnectionString = new NpgsqlConnectionStringBuilder
        {
            Host = process.Directory,
            Username = "controlzero",
            Database = "postgres",
            Timeout = 60,
            CommandTimeout = 60,
        }.ToString();
    }

    /// <summary>How to reach its first, empty database, as the superuser.</summary>
    public string ConnectionString { get; }

    /// <summary>Starts one, and returns when it serves.</summary>
    public static Task<PostgresServer> StartAsync(CancellationToken cancellationToken = default) => StartAsync(null, cancellationToken);

    /// <summary>Starts one in a private network, where others reach it at the storage's address.</summary>
    internal static async Task<PostgresServer> StartAsync(ServerNetwork? network, CancellationToken cancellationToken)
    {
        var address = network?.StorageAddress;
        return new PostgresServer(
            await ServerProcess.StartAsync(
                "serve-postgres",
                "database system is ready to accept connections",
                cancellationToken,
                address is null ? [] : [address],
                network?.EnterStorage()),
            address);
    }

    /// <summary>Makes an empty database and returns how to reach it.</summary>
    public async Task<string> CreateDatabaseAsync(CancellationToken cancellationToken = default)
    {
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        await using var source = NpgsqlDataSource.Create(ConnectionString);
        await using var command = source.CreateCommand($"CREATE DATABASE {name}");
        await command.ExecuteNonQueryAsync(cancellationToken);
        var reached = new NpgsqlConnectionStringBuilder(ConnectionString) { Database = name };
        if (_address is { } address)
        {
            reached.Host = address;
        }

        return reached.ToString();
    }

    /// <summary>Stops it as a crash would. What it had committed is there after <see cref="RestartAsync"/>.</summary>
    public Task StopAsync() => _process.StopAsync();

    /// <summary>Starts it again where it was, and returns when it serves.</summary>
    public Task RestartAsync(CancellationToken cancellationToken = default) => _process.RestartAsync(cancellationToken);

    /// <summary>Stops it and removes its data.</summary>
    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
