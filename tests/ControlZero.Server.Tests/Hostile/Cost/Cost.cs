using ControlZero.Fuzz;

namespace ControlZero.Server.Tests.Hostile.Cost;

/// <summary>What a piece of work cost the thread that did it. Wall time says nothing on a busy machine; this does.</summary>
/// <param name="Cpu">Processor time of the thread.</param>
/// <param name="Allocated">Bytes the thread allocated.</param>
internal readonly record struct Cost(TimeSpan Cpu, long Allocated)
{
    // Without optimisation the same steps take up to ten times as long; what is shipped is optimised.
#if DEBUG
    private const int Slowness = 10;
#else
    private const int Slowness = 1;
#endif

    /// <summary>Does the work once to have it compiled, then three times, and takes the cheapest: the collector's share is not the work's.</summary>
    public static Cost Of(Action work)
    {
        work();
        var cheapest = new Cost(TimeSpan.MaxValue, long.MaxValue);
        for (var round = 0; round < 3; round++)
        {
            var (cpu, bytes) = (ThreadClock.Now(), GC.GetAllocatedBytesForCurrentThread());
            work();
            var cost = new Cost(ThreadClock.Now() - cpu, GC.GetAllocatedBytesForCurrentThread() - bytes);
            cheapest = cost.Cpu < cheapest.Cpu ? cost : cheapest;
        }

        return cheapest;
    }

    /// <summary>Fails when more was spent. The processor time is that of an optimised build.</summary>
    public void AssertWithin(string what, int milliseconds, int mebibytes)
    {
        Assert.True(Cpu.TotalMilliseconds <= milliseconds * Slowness, $"{what} took {this}, {milliseconds} ms are allowed ({Slowness} times that in this build)");
        Assert.True(Allocated <= (long)mebibytes << 20, $"{what} took {this}, {mebibytes} MiB are allowed");
    }

    public override string ToString() => FormattableString.Invariant($"{Cpu.TotalMilliseconds:0.0} ms and {Allocated / 1048576.0:0.0} MiB");
}
