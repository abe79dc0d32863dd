using ControlZero.Chaos.Records;
using ControlZero.Servers.Cluster;

namespace ControlZero.Chaos.Faults;

/// <summary>
/// What a supervisor does: starts a server again that ended by itself, as one does that finds itself declared dead after a pause. Servers that a
/// fault holds down it leaves alone.
/// </summary>
internal sealed class ServerKeeper(ServerCluster cluster, RecordWriter record) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private readonly CancellationTokenSource _over = new();
    private readonly bool[] _held = new bool[cluster.All.Count + 1];
    private Task _keeping = Task.CompletedTask;
    private int _starting;

    /// <summary>True while a server that ended by itself is started again.</summary>
    public bool IsStarting => Volatile.Read(ref _starting) > 0;

    /// <summary>Begins to look after all servers.</summary>
    public void Begin() => _keeping = Task.WhenAll(cluster.All.Select(KeepAsync));

    /// <summary>Leaves a server alone from now on.</summary>
    public void Hold(ClusterServer server) => Volatile.Write(ref _held[server.Number], true);

    /// <summary>Looks after it again.</summary>
    public void Release(ClusterServer server) => Volatile.Write(ref _held[server.Number], false);

    /// <summary>Writes down that a server serves, and by which build.</summary>
    public void Served(ClusterServer server) =>
        record.Write(new RecordLine { Kind = LineKind.Served, At = record.Now, Server = server.Number, IsOtherBuild = server.Program != cluster.Options.Program });

    /// <summary>Starts a server until it serves: it cannot while its storage is gone.</summary>
    public async Task StartAsync(ClusterServer server)
    {
        while (!_over.IsCancellationRequested)
        {
            try
            {
                await server.StartAsync(_over.Token);
                return;
            }
            catch (InvalidOperationException) when (!server.IsRunning)
            {
                await Task.Delay(Pause, TimeProvider.System, _over.Token);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _over.Dispose();
    }

    private async Task KeepAsync(ClusterServer server)
    {
        using var timer = new PeriodicTimer(Pause);
        while (await timer.WaitForNextTickAsync(_over.Token))
        {
            if (!server.IsRunning && !Volatile.Read(ref _held[server.Number]))
            {
                Interlocked.Increment(ref _starting);
                record.Write(new RecordLine { Kind = LineKind.Died, At = record.Now, Server = server.Number, Status = $"exit code {await server.End}" });
                await StartAsync(server);
                Served(server);
                Interlocked.Decrement(ref _starting);
            }
        }
    }
}
