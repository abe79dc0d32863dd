using System.Runtime.InteropServices;

namespace ControlZero.Servers.Cluster;

/// <summary>Signals of Linux, by the numbers they have on every architecture .NET runs on there.</summary>
internal static partial class Signals
{
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    /// <summary>Sends one. False: there is no such process any more.</summary>
    public static bool Send(int process, int signal) => SendCore(process, signal) == 0;

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendCore(int process, int signal);
}
