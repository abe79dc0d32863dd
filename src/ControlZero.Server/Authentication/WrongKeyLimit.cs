using System.Net;
using System.Security.Cryptography;
using ControlZero.Grains.Hosting;

namespace ControlZero.Server.Authentication;

/// <summary>
/// How many unknown keys one address may try. Each made-up key with a good checksum costs a read of the storage, and its sender nothing.
/// Only keys that this silo has not seen count: calls with a known key are never slowed and never refused, whoever shares their address.
/// </summary>
/// <remarks>
/// A bucket of <see cref="Burst"/> tries that refills by one every <see cref="Interval"/>, kept as the time at which it would be full again. The
/// number of buckets is fixed, so a flood from many addresses costs no memory; addresses that meet in one bucket share it.
/// </remarks>
internal sealed class WrongKeyLimit([FromKeyedServices(ClusterClock.Key)] TimeProvider clock)
{
    /// <summary>Tries at once; the last of them is answered as too many already. Unit: keys.</summary>
    public const int Burst = 1000;

    private const int Buckets = 4096;

    // Of an IPv6 address the network counts: whoever has one address has 2^64 of them.
    private const int NetworkBytes = 8;

    /// <summary>The time until one more try.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    private static readonly long Depth = Burst * Interval.Ticks;

    private readonly long[] _fullAt = new long[Buckets];
    private readonly int _seed = RandomNumberGenerator.GetInt32(int.MaxValue);

    /// <summary>True when the address has no try left.</summary>
    public bool IsReached(IPAddress? address) =>
        Volatile.Read(ref BucketOf(address)) - clock.GetUtcNow().Ticks > Depth - Interval.Ticks;

    /// <summary>Takes a try: the key stood for nothing.</summary>
    public void Count(IPAddress? address)
    {
        ref var bucket = ref BucketOf(address);
        var now = clock.GetUtcNow().Ticks;
        for (var known = Volatile.Read(ref bucket); ;)
        {
            var before = Interlocked.CompareExchange(ref bucket, Math.Max(known, now) + Interval.Ticks, known);
            if (before == known)
            {
                return;
            }

            known = before;
        }
    }

    // Seeded anew with every start: nobody can aim at another's bucket.
    private ref long BucketOf(IPAddress? address)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        var plain = address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
        var length = plain is not null && plain.TryWriteBytes(bytes, out var written) ? Math.Min(written, NetworkBytes) : 0;
        var hash = new HashCode();
        hash.Add(_seed);
        hash.AddBytes(bytes[..length]);
        return ref _fullAt[(uint)hash.ToHashCode() % Buckets];
    }
}
