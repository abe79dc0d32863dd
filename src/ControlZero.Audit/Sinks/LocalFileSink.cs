using System.Collections.Concurrent;
using System.Text;
using ControlZero.Audit.Format.Lines;
using ControlZero.Audit.Format.Segments;
using ControlZero.Audit.Wal;
using Microsoft.Win32.SafeHandles;

namespace ControlZero.Audit.Sinks;

/// <summary>
/// Segments as files below a root. Until it is sealed a segment is <c>….jsonl.open</c> and only a copy of the WAL for readers; it is flushed when it is sealed,
/// before it gets its name and the WAL lets go. The system is told that it need not keep more than the last few sealed ones in memory.
/// </summary>
public sealed class LocalFileSink(string root) : IAuditSink
{
    // What is asked for is mostly what happened last.
    private const int SegmentsInMemory = 4;

    private readonly ConcurrentQueue<string> _inMemory = new();

    /// <inheritdoc/>
    public string Name => "local";

    /// <inheritdoc/>
    public TimeSpan Linger => TimeSpan.FromMilliseconds(10);

    /// <inheritdoc/>
    public Task<ISinkSegment> OpenAsync(SegmentId id, string path, CancellationToken cancellationToken)
    {
        var full = Path.Combine(root, path);
        if (File.Exists(full))
        {
            var end = File.ReadLines(full).Last();
            return Task.FromResult<ISinkSegment>(
                ChainedLine.TryParse(Encoding.UTF8.GetBytes(end), out var line) && EndLine.TryParse(line.Content, out var last)
                    ? new LocalSegment(full, new FileInfo(full).Length, last)
                    : throw new InvalidDataException($"`{full}` has the name of a sealed segment and no end line; `cz audit verify` says more"));
        }

        // From the beginning each time: what a crash left of an unflushed file is anybody's guess, and the WAL has all of it.
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        var handle = File.OpenHandle(full + SegmentId.OpenSuffix, FileMode.Create, FileAccess.Write, FileShare.Read | FileShare.Delete);
        return Task.FromResult<ISinkSegment>(new LocalSegment(full, handle, Sealed));
    }

    // A log under load writes gigabytes a minute. Each page of them would push out one that somebody needs, and the memory for it be found anew.
    private void Sealed(string path)
    {
        _inMemory.Enqueue(path);
        while (_inMemory.Count > SegmentsInMemory && _inMemory.TryDequeue(out var oldest))
        {
            PageCache.Drop(oldest);
        }
    }

    private sealed class LocalSegment : ISinkSegment
    {
        private readonly string _path;
        private readonly SafeFileHandle? _handle;
        private readonly Action<string>? _sealed;

        public LocalSegment(string path, SafeFileHandle handle, Action<string> whenSealed) => (_path, _handle, _sealed) = (path, handle, whenSealed);

        public LocalSegment(string path, long length, long last) => (_path, Length, Last, IsSealed) = (path, length, last, true);

        public long Length { get; private set; }

        public bool IsSealed { get; private set; }

        public long Last { get; }

        public bool IsNearlyFull => false;

        public Task AppendAsync(long offset, ReadOnlyMemory<byte> lines, CancellationToken cancellationToken)
        {
            if (offset != Length || IsSealed)
            {
                throw new InvalidOperationException($"lines for byte {offset} of `{_path}`, which has {Length} bytes{(IsSealed ? " and is sealed" : "")}");
            }

            RandomAccess.Write(_handle!, lines.Span, offset);
            Length += lines.Length;
            return Task.CompletedTask;
        }

        public async Task SealAsync(ReadOnlyMemory<byte> end, CancellationToken cancellationToken)
        {
            await AppendAsync(Length, end, cancellationToken);
            RandomAccess.FlushToDisk(_handle!);
            File.Move(_path + SegmentId.OpenSuffix, _path);
            FlushFolders();
            IsSealed = true;
            _sealed?.Invoke(_path);
        }

        public ValueTask DisposeAsync()
        {
            _handle?.Dispose();
            return ValueTask.CompletedTask;
        }

        // The file's folder, and those that may have been made for it: hour, date, audit, root.
        private void FlushFolders()
        {
            var folder = Path.GetDirectoryName(_path);
            for (var level = 0; level < 4 && folder is not null; level++, folder = Path.GetDirectoryName(folder))
            {
                DiskFlush.Folder(folder);
            }
        }
    }
}
