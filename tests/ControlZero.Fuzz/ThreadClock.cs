using System.Runtime.InteropServices;

namespace ControlZero.Fuzz;

/// <summary>The processor time of the calling thread. Wall time says nothing on a busy machine; this does. Linux.</summary>
internal static partial class ThreadClock
{
    private const int ThreadCpuTime = 3;

    /// <summary>The time the calling thread has run.</summary>
    public static TimeSpan Now() => GetTime(ThreadCpuTime, out var time) == 0
        ? TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromTicks(time.Nanoseconds / 100)
        : throw new InvalidOperationException("the clock of the thread cannot be read");

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
