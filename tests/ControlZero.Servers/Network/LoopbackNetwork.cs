namespace ControlZero.Servers.Network;

/// <summary>Loopback addresses of this process's own: each server can have the same ports again after a restart, and nobody takes them meanwhile.</summary>
public sealed class LoopbackNetwork : ServerNetwork
{
    // 127.1.0.0 to 127.250.249.255; no program of a machine is there by itself.
    private const int Blocks = 250;
    private const int ServersOfOne = 10;
    private static int _made;

    private readonly int _network = Interlocked.Increment(ref _made) - 1;

    /// <inheritdoc/>
    public override string? StorageAddress => null;

    /// <inheritdoc/>
    public override bool CanPartition => false;

    /// <inheritdoc/>
    public override bool IsLoopback => true;

    /// <inheritdoc/>
    public override string AddressOf(int server)
    {
        var process = Environment.ProcessId;
        return $"127.{1 + (process % Blocks)}.{process / Blocks % Blocks}.{1 + (((_network * ServersOfOne) + server) % 254)}";
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Enter(int server) => [];

    /// <inheritdoc/>
    public override IReadOnlyList<string> EnterStorage() => [];

    /// <inheritdoc/>
    public override Task CutAsync(NetworkPlace from, NetworkPlace to) => throw new NotSupportedException("loopback cannot be cut");

    /// <inheritdoc/>
    public override Task HealAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
