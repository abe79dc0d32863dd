using ControlZero.Grains.Hosting;

namespace ControlZero.Server.Health;

/// <summary>
/// The order of stopping: the server says that it wants no more work, goes on for <see cref="ShutdownOptions.DrainDelay"/>, and only then
/// closes its doors, finishes the calls it has and stops the silo.
/// </summary>
internal sealed class Drain(
    ShutdownOptions options,
    IHostApplicationLifetime lifetime,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock) : IDisposable
{
    private readonly Lock _gate = new();
    private ITimer? _end;

    /// <summary>True from the moment it was asked to stop.</summary>
    public bool HasBegun
    {
        get
        {
            lock (_gate)
            {
                return _end is not null || lifetime.ApplicationStopping.IsCancellationRequested;
            }
        }
    }

    /// <summary>Begins to drain. Asked a second time, it ends the delay.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            if (_end is null && options.DrainDelay > TimeSpan.Zero)
            {
                _end = clock.CreateTimer(_ => lifetime.StopApplication(), null, options.DrainDelay, Timeout.InfiniteTimeSpan);
                return;
            }
        }

        // Not under the lock: it calls back whoever waits for it.
        lifetime.StopApplication();
    }

    public void Dispose() => _end?.Dispose();
}
