using Microsoft.Win32.SafeHandles;

namespace ControlZero.Audit.Wal;

/// <summary>A directory of a real disk.</summary>
/// <remarks>
/// A file is held with an exclusive lock of the operating system, which ends with its process and not before: that is what keeps a silo that
/// only seems dead and the one that recovers its files from both writing.
/// </remarks>
internal sealed class DiskWalFiles : IWalFiles
{
    private readonly string _folder;

    public DiskWalFiles(string folder)
    {
        _folder = folder;
        Directory.CreateDirectory(folder);
    }

    public IReadOnlyList<string> List() => [.. Directory.EnumerateFiles(_folder).Select(file => Path.GetFileName(file))];

    public IWalFile Create(string name, long length)
    {
        var path = Path.Combine(_folder, name);
        var file = new DiskWalFile(_folder, name, File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None));
        try
        {
            file.Extend(length);
            DiskFlush.Folder(_folder);
            return file;
        }
        catch
        {
            file.Delete();
            throw;
        }
    }

    public IWalFile? TryTake(string name)
    {
        try
        {
            return new DiskWalFile(_folder, name, File.OpenHandle(Path.Combine(_folder, name), FileMode.Open, FileAccess.ReadWrite, FileShare.None));
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private sealed class DiskWalFile(string folder, string name, SafeFileHandle handle) : IWalFile
    {
        private static readonly byte[] Zeros = new byte[1 << 20];

        public string Name { get; private set; } = name;

        public long Length => RandomAccess.GetLength(handle);

        public int Read(Span<byte> to, long offset) => RandomAccess.Read(handle, to, offset);

        public void Write(ReadOnlySpan<byte> from, long offset) => RandomAccess.Write(handle, from, offset);

        public void Flush() => DiskFlush.Data(handle);

        // Written, not only reserved: blocks that were never written cost the file system a change of its own books at each fsync.
        public void Extend(long length)
        {
            for (var at = Length; at < length; at += Zeros.Length)
            {
                RandomAccess.Write(handle, Zeros.AsSpan(0, (int)Math.Min(Zeros.Length, length - at)), at);
            }

            RandomAccess.FlushToDisk(handle);
        }

        public void Rename(string name)
        {
            File.Move(Path.Combine(folder, Name), Path.Combine(folder, name));
            Name = name;
            DiskFlush.Folder(folder);
        }

        public void Delete()
        {
            File.Delete(Path.Combine(folder, Name));
            handle.Dispose();
        }

        public void Dispose() => handle.Dispose();
    }
}
