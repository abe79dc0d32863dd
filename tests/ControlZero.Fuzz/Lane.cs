namespace ControlZero.Fuzz;

/// <summary>What an input did that none may.</summary>
internal sealed record Finding(string Target, int Seed, long Round, string What, byte[] Input);

/// <summary>What a lane came to.</summary>
internal sealed record LaneResult(string Target, int Seed, long Inputs, double SlowestMilliseconds, double LargestMebibytes, Finding? Finding);

/// <summary>One target, fed until its time is over or it fails.</summary>
internal static class Lane
{
    /// <summary>Processor time one input may take. Unit: milliseconds.</summary>
    public const double MaxMilliseconds = 100;

    /// <summary>What one input may allocate. Unit: MiB.</summary>
    public const double MaxMebibytes = 16;

    /// <summary>Feeds the target while <paramref name="goOn"/> says so, given the number of inputs.</summary>
    /// <param name="target">What is fed.</param>
    /// <param name="seed">Of the inputs.</param>
    /// <param name="goOn">Given the number of inputs so far.</param>
    /// <param name="maxMilliseconds">Processor time one input may take; more on a machine that does other things besides.</param>
    public static LaneResult Run(Target target, int seed, Func<long, bool> goOn, double maxMilliseconds = MaxMilliseconds)
    {
        var mutator = new Mutator(target, seed);
        foreach (var input in target.Corpus)
        {
            target.Run(input);
        }

        var (slowest, largest, round) = (0.0, 0.0, 0L);
        for (; goOn(round); round++)
        {
            var input = mutator.Next();
            try
            {
                var (milliseconds, mebibytes) = Measure(target, input, maxMilliseconds);
                slowest = Math.Max(slowest, milliseconds);
                largest = Math.Max(largest, mebibytes);
                if (milliseconds > maxMilliseconds || mebibytes > MaxMebibytes)
                {
                    return Failed(FormattableString.Invariant($"took {milliseconds:0.0} ms and {mebibytes:0.0} MiB"), input);
                }
            }
            catch (Exception failure)
            {
                return Failed(failure.ToString(), input);
            }
        }

        return new LaneResult(target.Name, seed, round, slowest, largest, null);

        LaneResult Failed(string what, byte[] input) =>
            new(target.Name, seed, round, slowest, largest, new Finding(target.Name, seed, round, what, input));
    }

    // Compiling and collecting cost the thread too: what is over the bound is measured again, and only what stays over it counts.
    private static (double Milliseconds, double Mebibytes) Measure(Target target, byte[] input, double maxMilliseconds)
    {
        var (milliseconds, mebibytes) = (double.MaxValue, double.MaxValue);
        for (var attempt = 0; attempt < 3 && (milliseconds > maxMilliseconds || mebibytes > MaxMebibytes); attempt++)
        {
            var (cpu, bytes) = (ThreadClock.Now(), GC.GetAllocatedBytesForCurrentThread());
            target.Run(input);
            milliseconds = Math.Min(milliseconds, (ThreadClock.Now() - cpu).TotalMilliseconds);
            mebibytes = Math.Min(mebibytes, (GC.GetAllocatedBytesForCurrentThread() - bytes) / 1048576.0);
        }

        return (milliseconds, mebibytes);
    }
}
