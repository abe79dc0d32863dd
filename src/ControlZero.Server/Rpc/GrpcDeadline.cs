using System.Globalization;

namespace ControlZero.Server.Rpc;

/// <summary>Until when a caller waits, from the header <c>grpc-timeout</c>. Default: for ever.</summary>
internal readonly struct GrpcDeadline
{
    // A value of at most eight digits and its unit.
    private const int LongestTimeout = 9;

    private readonly TimeProvider? _clock;
    private readonly long _began;
    private readonly TimeSpan _after;

    private GrpcDeadline(TimeProvider clock, TimeSpan after) => (_clock, _began, _after) = (clock, clock.GetTimestamp(), after);

    private TimeSpan Left => _after - _clock!.GetElapsedTime(_began);

    /// <summary>Reads a call's deadline. False: the header is not what the protocol says, or says a time longer than a timer takes.</summary>
    /// <param name="http">The call.</param>
    /// <param name="clock">Measures it.</param>
    /// <param name="deadline">The deadline.</param>
    public static bool TryRead(HttpContext http, TimeProvider clock, out GrpcDeadline deadline)
    {
        deadline = default;
        var header = http.Request.Headers.GrpcTimeout;
        if (header.Count == 0)
        {
            return true;
        }

        if (header is not [{ } timeout] || !TryParse(timeout, out var after) || after <= TimeSpan.Zero || after > TimeSpan.FromDays(1))
        {
            return false;
        }

        deadline = new GrpcDeadline(clock, after);
        return true;
    }

    /// <summary>Reads a value of the header: at most eight digits and a unit. Less than a tick of 100 ns is nothing.</summary>
    public static bool TryParse(string timeout, out TimeSpan after)
    {
        var parsed = timeout.Length is > 1 and <= LongestTimeout
            && uint.TryParse(timeout.AsSpan(0, timeout.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var value)
                ? After(value, timeout[^1])
                : null;
        after = parsed ?? TimeSpan.Zero;
        return parsed is not null;
    }

    /// <summary>Waits no longer than the caller does.</summary>
    /// <exception cref="TimeoutException">It took longer. What was waited for goes on.</exception>
    public ValueTask<T> WaitAsync<T>(ValueTask<T> work) => _clock is null || work.IsCompleted ? work : WaitAsync(work, _clock, Left);

    // In whole milliseconds, of which a timer leaves out the rest.
    private static async ValueTask<T> WaitAsync<T>(ValueTask<T> work, TimeProvider clock, TimeSpan left) =>
        await work.AsTask().WaitAsync(TimeSpan.FromMilliseconds(Math.Max(0, Math.Ceiling(left.TotalMilliseconds))), clock);

    private static TimeSpan? After(uint value, char unit) => unit switch
    {
        'H' => TimeSpan.FromHours(value),
        'M' => TimeSpan.FromMinutes(value),
        'S' => TimeSpan.FromSeconds(value),
        'm' => TimeSpan.FromMilliseconds(value),
        'u' => TimeSpan.FromMicroseconds(value),
        'n' => TimeSpan.FromTicks(value / TimeSpan.NanosecondsPerTick),
        _ => null,
    };
}
