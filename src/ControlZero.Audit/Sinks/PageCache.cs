using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ControlZero.Audit.Sinks;

/// <summary>What the system keeps of files in memory. Only Linux is told.</summary>
internal static partial class PageCache
{
    private const int NotNeeded = 4; // POSIX_FADV_DONTNEED

    /// <summary>Says that a file's content, which is on the disk, need not be kept in memory. Reading it is right as before, and asks the disk.</summary>
    public static void Drop(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            _ = Advise(file, 0, 0, NotNeeded);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // Retention was there before, or somebody took it away: then there is nothing to drop.
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);
}
