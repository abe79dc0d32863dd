using Npgsql;

namespace ControlZero.Servers;

/// <summary>A real PostgreSQL of this process's own: fresh, private to this user, on a socket in its own directory. Ends with this process.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private readonly ServerProcess _process;
    private int _databases;

    private PostgresServer(ServerProcess process)
    {
        _process = process;
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
    public static async Task<PostgresServer> StartAsync(CancellationToken cancellationToken = default) =>
        new(await ServerProcess.StartAsync("serve-postgres", "database system is ready to accept connections", cancellationToken));

    /// <summary>Makes an empty database and returns how to reach it.</summary>
    public async Task<string> CreateDatabaseAsync(CancellationToken cancellationToken = default)
    {
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        await using var source = NpgsqlDataSource.Create(ConnectionString);
        await using var command = source.CreateCommand($"CREATE DATABASE {name}");
        await command.ExecuteNonQueryAsync(cancellationToken);
        return new NpgsqlConnectionStringBuilder(ConnectionString) { Database = name }.ToString();
    }

    /// <summary>Stops it as a crash would. What it had committed is there after <see cref="RestartAsync"/>.</summary>
    public Task StopAsync() => _process.StopAsync();

    /// <summary>Starts it again where it was, and returns when it serves.</summary>
    public Task RestartAsync(CancellationToken cancellationToken = default) => _process.RestartAsync(cancellationToken);

    /// <summary>Stops it and removes its data.</summary>
    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
