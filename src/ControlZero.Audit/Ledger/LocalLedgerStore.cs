using ControlZero.Audit.Format.Ledger;
using ControlZero.Audit.Wal;
using Microsoft.Win32.SafeHandles;

namespace ControlZero.Audit.Ledger;

/// <summary>The ledger as files below a root, for the silos of one machine: they take turns by a lock on a file.</summary>
public sealed class LocalLedgerStore : ILedgerStore
{
    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(5);

    // A record has about 600 bytes, and a crash may leave a part of another.
    private const int TailBytes = 16 << 10;

    // Holding it takes a few milliseconds.
    private const int LockAttempts = 400;

    private readonly string _root;
    private readonly string _lockFile;
    private readonly TimeProvider _time;

    /// <param name="root">The log's root.</param>
    /// <param name="time">For the pauses between attempts at the lock.</param>
    public LocalLedgerStore(string root, TimeProvider time)
    {
        (_root, _time) = (root, time);
        Directory.CreateDirectory(Path.Combine(root, LedgerRecord.Folder));
        DiskFlush.Folder(root);
        _lockFile = Path.Combine(root, LedgerRecord.Folder, ".lock");
    }

    /// <inheritdoc/>
    public async Task<LedgerTip> ReadTipAsync(CancellationToken cancellationToken)
    {
        using var turn = await LockAsync(cancellationToken);
        return ReadTip().Tip;
    }

    /// <inheritdoc/>
    public async Task<bool> TryAppendAsync(LedgerTip tip, ReadOnlyMemory<byte> line, CancellationToken cancellationToken)
    {
        using var turn = await LockAsync(cancellationToken);
        var (present, file, end) = ReadTip();
        if (present != tip)
        {
            return false;
        }

        var path = Path.Combine(_root, LedgerRecord.PathOf(tip.Count));
        var isNew = path != file;
        using var handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        RandomAccess.Write(handle, line.Span, isNew ? 0 : end);
        RandomAccess.SetLength(handle, (isNew ? 0 : end) + line.Length);
        RandomAccess.FlushToDisk(handle);
        if (isNew)
        {
            DiskFlush.Folder(Path.GetDirectoryName(path)!);
        }

        return true;
    }

    // A line that a crash cut short was not acknowledged: the next append writes over it.
    private (LedgerTip Tip, string? File, long End) ReadTip()
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(_root, LedgerRecord.Folder), "*.jsonl").OrderDescending(StringComparer.Ordinal))
        {
            using var handle = File.OpenHandle(file);
            var from = Math.Max(0, RandomAccess.GetLength(handle) - TailBytes);
            var bytes = new byte[TailBytes];
            bytes = bytes[..RandomAccess.Read(handle, bytes, from)];
            var end = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
            if (end == 0)
            {
                continue;
            }

            var begin = bytes.AsSpan(0, end - 1).LastIndexOf((byte)'\n') + 1;
            return LedgerLine.TryParse(bytes.AsSpan(begin..(end - 1)), out var line) && LedgerRecord.TryParse(line.Content, out var sequence, out _)
                ? (new LedgerTip(sequence + 1, line.Hash), file, from + end)
                : throw new InvalidDataException($"the last line of `{file}` is no record of a ledger; `cz audit verify` says more");
        }

        return (default, null, 0);
    }

    private async Task<SafeFileHandle> LockAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return File.OpenHandle(_lockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (attempt < LockAttempts)
            {
                await Task.Delay(LockPause, _time, cancellationToken);
            }
        }
    }
}
