using System.Diagnostics;
using System.Numerics;

namespace ControlZero.Load.Generation;

/// <summary>Counts durations in buckets of 1/64 of their power of two: 1.6 % accurate from nanoseconds to minutes, in 32 KiB.</summary>
internal sealed class LatencyHistogram
{
    private const int SubBits = 6;
    private const int Sub = 1 << SubBits;

    private readonly long[] _counts = new long[(64 - SubBits) * Sub];

    /// <summary>How many durations were counted.</summary>
    public long Count { get; private set; }

    /// <summary>Counts one. Unit: ticks of the stopwatch.</summary>
    public void Add(long ticks)
    {
        _counts[Bucket((ulong)Math.Max(0, ticks))]++;
        Count++;
    }

    /// <summary>Counts all of another histogram.</summary>
    public void Add(LatencyHistogram other)
    {
        for (var i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }

        Count += other.Count;
    }

    /// <summary>The duration that this share of all did not exceed. Unit of the answer: microseconds.</summary>
    public double Microseconds(double share)
    {
        var wanted = (long)Math.Ceiling(share * Count);
        for (var i = 0; i < _counts.Length && Count > 0; i++)
        {
            wanted -= _counts[i];
            if (wanted <= 0)
            {
                return UpperEdge(i) * 1e6 / Stopwatch.Frequency;
            }
        }

        return 0;
    }

    private static int Bucket(ulong ticks)
    {
        var shift = Math.Max(0, BitOperations.Log2(ticks | 1) - SubBits);
        return (shift << SubBits) + (int)(ticks >> shift);
    }

    private static double UpperEdge(int bucket)
    {
        var shift = Math.Max(0, (bucket >> SubBits) - 1);
        return (double)(bucket - (shift << SubBits) + 1) * Math.Pow(2, shift);
    }
}
