using System.IO.MemoryMappedFiles;

namespace ControlZero.Audit.Wal;

/// <summary>
/// How many entries mode <c>buffered</c> has accepted and how many of them are written, in a page of memory that outlives the process: what kill -9 takes from the
/// queue can so be counted by the next start.
/// </summary>
internal sealed class AcceptedCount : IDisposable
{
    private const string Extension = ".accepted";
    private const string BootIdFile = "/proc/sys/kernel/random/boot_id";
    private const int Bytes = 4096;
    private const int WrittenAt = 8;
    private const int BootAt = 16;

    private readonly FileStream _file;
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private long _accepted;
    private long _written;

    private AcceptedCount(FileStream file)
    {
        _file = file;
        _map = MemoryMappedFile.CreateFromFile(file, null, Bytes, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
        _view = _map.CreateViewAccessor();
    }

    public static AcceptedCount Create(string folder, string silo, long generation)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"{silo}-{generation}{Extension}");
        var count = new AcceptedCount(new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None));
        count._view.Write(BootAt, BootId());
        return count;
    }

    /// <summary>Entries that killed silos had accepted and not written; null: some, and nobody knows how many, for the machine went down with them.</summary>
    public static long? Recover(string folder)
    {
        long? lost = 0;
        foreach (var path in Directory.Exists(folder) ? Directory.GetFiles(folder, "*" + Extension) : [])
        {
            try
            {
                using var count = new AcceptedCount(new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None));
                lost = count._view.ReadInt64(BootAt) == BootId() ? lost + count._view.ReadInt64(0) - count._view.ReadInt64(WrittenAt) : null;
            }
            catch (IOException)
            {
                // A living silo's.
                continue;
            }

            File.Delete(path);
        }

        return lost;
    }

    /// <summary>Entries were taken, or refused for want of room. Under the log's lock.</summary>
    public void Accept(int entries) => _view.Write(0, _accepted += entries);

    /// <summary>Entries, or gap records that stand for them, are in the WAL. On the writer's thread.</summary>
    public void Write(long entries) => _view.Write(WrittenAt, _written += entries);

    /// <summary>Closes in order: nothing is left to be counted.</summary>
    public void Dispose()
    {
        _view.Dispose();
        _map.Dispose();
        if (_accepted == _written)
        {
            File.Delete(_file.Name);
        }

        _file.Dispose();
    }

    private static long BootId() =>
        File.Exists(BootIdFile) && Guid.TryParse(File.ReadAllText(BootIdFile), out var id) ? BitConverter.ToInt64(id.ToByteArray()) : 0;
}
