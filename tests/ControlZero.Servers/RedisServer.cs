using ControlZero.Servers.Network;

namespace ControlZero.Servers;

/// <summary>A real Redis of this process's own: fresh, private to this user, on a socket in its own directory. Ends with this process.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private readonly ServerProcess _process;

    private RedisServer(ServerProcess process, string? address)
    {
        _process = process;

        // Milliseconds; the usual 5 s are too few on a busy machine.
        var where = address is null ? $"!{process.Directory}/redis.sock" : $"{address}:6379";
        ConnectionString = $"{where},connectTimeout=60000,syncTimeout=60000,asyncTimeout=60000";
    }

    /// <summary>How to reach it, in the spelling of StackExchange.Redis.</summary>
    public string ConnectionString { get; }

    /// <summary>Starts one, and returns when it serves.</summary>
    public static Task<RedisServer> StartAsync(CancellationToken cancellationToken = default) => StartAsync(null, cancellationToken);

    /// <summary>Starts one in a private network, where others reach it at the storage's address.</summary>
    internal static async Task<RedisServer> StartAsync(ServerNetwork? network, CancellationToken cancellationToken)
    {
        var address = network?.StorageAddress;
        return new RedisServer(
            await ServerProcess.StartAsync(
                "serve-redis", "ready to accept connections", cancellationToken, address is null ? [] : [address], network?.EnterStorage()),
            address);
    }

    /// <summary>Stops it as a crash would. What it had written to its log is there after <see cref="RestartAsync"/>.</summary>
    public Task StopAsync() => _process.StopAsync();

    /// <summary>Starts it again where it was, and returns when it serves.</summary>
    public Task RestartAsync(CancellationToken cancellationToken = default) => _process.RestartAsync(cancellationToken);

    /// <summary>Stops it and removes its data.</summary>
    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
