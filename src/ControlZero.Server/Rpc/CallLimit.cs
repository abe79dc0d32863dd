using ControlZero.Grains.Hosting;
using ControlZero.Server.Hosting;

namespace ControlZero.Server.Rpc;

/// <summary>How many calls are under way, and whether one more may come: a server that takes more than it can answer answers nobody in time.</summary>
internal sealed class CallLimit(ServerOptions options, [FromKeyedServices(ClusterClock.Key)] TimeProvider clock)
{
    // Long enough for a load balancer to notice.
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(5);

    private readonly int _most = options.Listen.MaxCalls;
    private int _underWay;
    private long _refused;

    /// <summary>Calls under way, open streams among them.</summary>
    public int UnderWay => Volatile.Read(ref _underWay);

    /// <summary>True for a while after a call had to be refused.</summary>
    public bool IsOverloaded => Volatile.Read(ref _refused) is var at && at != 0 && clock.GetElapsedTime(at) < Remembered;

    /// <summary>Counts a call in. False: there are too many, and it is not counted.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _underWay) <= _most)
        {
            return true;
        }

        Interlocked.Decrement(ref _underWay);
        Volatile.Write(ref _refused, Math.Max(1, clock.GetTimestamp()));
        return false;
    }

    /// <summary>Counts a call out.</summary>
    public void Leave() => Interlocked.Decrement(ref _underWay);
}
