using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ControlZero.Audit.Wal;

/// <summary>What .NET does not offer of fsync: without the file's times, and of a directory.</summary>
internal static partial class DiskFlush
{
    private const int ReadOnlyDirectory = 0x10000; // O_RDONLY | O_DIRECTORY

    /// <summary>Waits until what was written is on the disk; the file's length must not have changed.</summary>
    public static void Data(SafeFileHandle handle)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(handle);
        }
        else if (FlushData(handle) != 0)
        {
            throw new IOException($"fdatasync failed: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        }
    }

    /// <summary>Waits until the names in a directory are on the disk. Only Linux asks for it.</summary>
    public static void Folder(string folder)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var handle = OpenFolder(folder, RuntimeInformation.ProcessArchitecture is Architecture.Arm64 ? 0x4000 : ReadOnlyDirectory);
        if (handle.IsInvalid || FlushAll(handle) != 0)
        {
            throw new IOException($"fsync of `{folder}` failed: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        }
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FlushData(SafeFileHandle handle);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FlushAll(SafeFileHandle handle);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenFolder(string path, int flags);
}
