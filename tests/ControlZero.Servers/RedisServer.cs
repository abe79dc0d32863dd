namespace ControlZero.Servers;

/// <summary>A real Redis of this process's own: fresh, private to this user, on a socket in its own directory. Ends with this process.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private readonly ServerProcess _process;

    private RedisServer(ServerProcess process)
    {
        _process = process;

        // Milliseconds; the usual 5 s are too few on a busy machine.
        ConnectionString = $"!{process.Directory}/redis.sock,connectTimeout=60000,syncTimeout=60000,asyncTimeout=60000";
    }

    /// <summary>How to reach it, in the spelling of StackExchange.Redis.</summary>
    public string ConnectionString { get; }

    /// <summary>Starts one, and returns when it serves.</summary>
    public static async Task<RedisServer> StartAsync(CancellationToken cancellationToken = default) =>
        new(await ServerProcess.StartAsync("serve-redis", "ready to accept connections", cancellationToken));

    /// <summary>Stops it as a crash would. What it had written to its log is there after <see cref="RestartAsync"/>.</summary>
    public Task StopAsync() => _process.StopAsync();

    /// <summary>Starts it again where it was, and returns when it serves.</summary>
    public Task RestartAsync(CancellationToken cancellationToken = default) => _process.RestartAsync(cancellationToken);

    /// <summary>Stops it and removes its data.</summary>
    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
