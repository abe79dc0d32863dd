using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ControlZero.Load.Generation;

/// <summary>
/// Waits of microseconds, for the thread that uses it. .NET's own are of a millisecond, which is ten times what is measured, and to wait
/// by spinning would take a core from the server.
/// </summary>
internal static partial class PrecisePause
{
    private const int SetTimerSlack = 29;
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>Makes the kernel wake this thread when asked and not, to save power, up to 50 microseconds later.</summary>
    public static void MakeThreadPunctual() => _ = SetProcessControl(SetTimerSlack, 1, 0, 0, 0);

    /// <summary>Returns at that moment, or at once when it is over. Unit: ticks of the stopwatch.</summary>
    public static void Until(long timestamp)
    {
        var left = (timestamp - Stopwatch.GetTimestamp()) * NanosecondsPerSecond / Stopwatch.Frequency;
        if (left > 0)
        {
            var duration = new Duration(left / NanosecondsPerSecond, left % NanosecondsPerSecond);
            _ = Sleep(in duration, 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static partial int Sleep(in Duration duration, nint remaining);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int SetProcessControl(int option, nuint a, nuint b, nuint c, nuint d);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Duration(long seconds, long nanoseconds)
    {
        public readonly nint Seconds = (nint)seconds;
        public readonly nint Nanoseconds = (nint)nanoseconds;
    }
}
