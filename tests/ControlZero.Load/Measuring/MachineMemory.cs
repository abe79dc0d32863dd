using System.Runtime.InteropServices;

namespace ControlZero.Load.Measuring;

/// <summary>
/// Memory that a virtual machine has not used yet, its host gives it page by page, at the first touch: writing a file took seven times as long into such pages
/// as into others. A log that writes hundreds of megabytes a second would be measured by it, which a server that has been up for an hour is not.
/// </summary>
internal static class MachineMemory
{
    private const long Most = 8L << 30;
    private const int PageBytes = 4096;

    /// <summary>Touches a third of the memory, at most 8 GiB, and lets go of it. Returns how much. Unit: bytes.</summary>
    public static unsafe long Touch()
    {
        var bytes = Math.Min(Most, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 3);
        var memory = (byte*)NativeMemory.Alloc((nuint)bytes);
        for (var at = 0L; at < bytes; at += PageBytes)
        {
            memory[at] = 1;
        }

        NativeMemory.Free(memory);
        return bytes;
    }
}
