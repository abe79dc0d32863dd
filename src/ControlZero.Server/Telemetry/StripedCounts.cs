using System.Numerics;

namespace ControlZero.Server.Telemetry;

/// <summary>
/// A fixed number of counters that many threads add to: each processor has its own copy, so that no two cores pull at one cache line.
/// Adding allocates nothing; reading sums up and is for whoever collects.
/// </summary>
internal sealed class StripedCounts
{
    // Longs in a cache line: the counters of two processors never share one.
    private const int Padding = 8;

    private readonly long[][] _stripes;

    /// <param name="count">How many counters.</param>
    public StripedCounts(int count)
    {
        Count = count;
        _stripes = new long[BitOperations.RoundUpToPowerOf2((uint)Environment.ProcessorCount)][];
        for (var stripe = 0; stripe < _stripes.Length; stripe++)
        {
            _stripes[stripe] = new long[count + (2 * Padding)];
        }
    }

    /// <summary>How many counters there are.</summary>
    public int Count { get; }

    /// <summary>Adds to a counter.</summary>
    public void Add(int counter, long amount = 1)
    {
        var stripes = _stripes;

        // Interlocked also here: between the question for the processor and the addition the thread may have moved.
        Interlocked.Add(ref stripes[Thread.GetCurrentProcessorId() & (stripes.Length - 1)][counter + Padding], amount);
    }

    /// <summary>What was added to a counter so far.</summary>
    public long Read(int counter)
    {
        long sum = 0;
        foreach (var stripe in _stripes)
        {
            sum += Interlocked.Read(ref stripe[counter + Padding]);
        }

        return sum;
    }
}
