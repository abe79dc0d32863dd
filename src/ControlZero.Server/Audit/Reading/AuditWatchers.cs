using System.Collections.Concurrent;
using ControlZero.Grains.Hosting;

namespace ControlZero.Server.Audit.Reading;

/// <summary>Who is woken when more of this silo's log can be read. At most one wake-up each is under way.</summary>
internal sealed class AuditWatchers([FromKeyedServices(ClusterClock.Key)] TimeProvider clock)
{
    /// <summary>How long a watcher is kept. Who waits longer renews.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<IAuditWatcher, Watch> _watches = new();

    public void Add(IAuditWatcher watcher) => _watches.GetOrAdd(watcher, _ => new Watch()).Until = clock.GetUtcNow() + Kept;

    /// <summary>Wakes all. Does not wait for them.</summary>
    public void Wake()
    {
        foreach (var (watcher, watch) in _watches)
        {
            if (watch.Until < clock.GetUtcNow())
            {
                _watches.TryRemove(watcher, out _);
            }
            else if (Interlocked.Exchange(ref watch.Waking, 1) == 0)
            {
                _ = WakeAsync(watcher, watch);
            }
        }
    }

    private static async Task WakeAsync(IAuditWatcher watcher, Watch watch)
    {
        try
        {
            await watcher.OnReadableAsync();
        }
        catch (Exception gone) when (gone is OrleansException or TimeoutException or ObjectDisposedException)
        {
            // Who is gone does not renew.
        }
        finally
        {
            Volatile.Write(ref watch.Waking, 0);
        }
    }

    private sealed class Watch
    {
        public DateTimeOffset Until;
        public int Waking;
    }
}
