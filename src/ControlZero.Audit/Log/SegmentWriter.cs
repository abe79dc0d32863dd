using System.Security.Cryptography;
using ControlZero.Audit.Format.Lines;
using ControlZero.Audit.Format.Segments;
using ControlZero.Audit.Wal;

namespace ControlZero.Audit.Log;

/// <summary>The chain of one generation and the segment it is in. Everything here happens on the writer's thread.</summary>
internal sealed class SegmentWriter(
    AuditLogOptions options, long generation, WalStore store, TimeProvider time, int readers, Action<WalSegment> begun, Action<WalSegment> released)
{
    // How much is allocated at a time, and how much is left when the next is.
    private const long Growth = 16 << 20;
    private const long LowWater = 8 << 20;

    private readonly Salts _salts = new();
    private byte[] _frame = new byte[1 << 20];
    private WalSegment? _segment;
    private WalProgress _progress;
    private Task _growing = Task.CompletedTask;
    private ulong _nonce;
    private int _number;

    /// <summary>Of the last committed record; 0 before the first.</summary>
    public long Sequence { get; private set; }

    /// <summary>Hash of the last committed record.</summary>
    public ChainHash Head { get; private set; } = ChainHash.Genesis(options.Silo, generation);

    /// <summary>Bytes of lines committed in all segments.</summary>
    public long Bytes { get; private set; }

    /// <summary>Chains the batch, writes it and, with <paramref name="flush"/>, waits for the disk.</summary>
    /// <exception cref="IOException">Nothing of it counts as written.</exception>
    public void Commit(EntryBatch batch, bool flush)
    {
        var most = batch.Bytes + (batch.Count * (ChainedLine.FullLength(0) + SegmentLines.LongestSequence));
        try
        {
            var segment = SegmentFor(most);
            var (lines, sequence, head) = Chain(batch, most);
            Write(segment, lines, flush);

            // INVARIANT: nothing below fails, so the chain goes on exactly when the batch is on the disk.
            (Sequence, Head, Bytes) = (sequence, head, Bytes + lines);
            batch.Last = sequence;
            segment.Publish(_progress = _progress with { Last = sequence, Head = head });
            Grow(segment);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // After a failed write or flush nobody knows which blocks of the batch are on the disk, and a second flush may say yes to lost ones.
            // The segment ends before the batch; the next one's header says where.
            Abandon();
            throw failure as IOException ?? new IOException(failure.Message, failure);
        }
    }

    /// <summary>Waits until all that was written is on the disk.</summary>
    /// <exception cref="IOException">It is not; the segment ends.</exception>
    public void Flush()
    {
        try
        {
            _segment?.File.Flush();
        }
        catch (IOException)
        {
            Abandon();
            throw;
        }
    }

    /// <summary>Ends the segment when its time is over, or when it is the one that a sink wants to end.</summary>
    public void EndWhenDue(WalSegment? wanted)
    {
        if (_segment is { } segment && !_progress.IsEmpty && (segment == wanted || IsDue(segment, time.GetUtcNow())))
        {
            End();
        }
    }

    /// <summary>Ends the segment, if there is one.</summary>
    public void End()
    {
        Flush();
        Abandon();
    }

    private static bool SameHour(DateTimeOffset one, DateTimeOffset other) => one.UtcDateTime.Date == other.UtcDateTime.Date && one.UtcDateTime.Hour == other.UtcDateTime.Hour;

    private bool IsDue(WalSegment segment, DateTimeOffset now) => now - segment.Created >= options.SegmentAge || !SameHour(now, segment.Created);

    private WalSegment SegmentFor(int bytes)
    {
        if (_segment is { } present)
        {
            var isFull = _progress.End + WalFrame.HeaderLength + bytes > options.SegmentBytes;
            if (_progress.IsEmpty || (!isFull && !IsDue(present, time.GetUtcNow())))
            {
                return present;
            }

            End();
        }

        return Begin();
    }

    private WalSegment Begin()
    {
        var (id, created) = (new SegmentId(options.Silo, generation, _number), time.GetUtcNow());
        var file = store.Take(id);
        var header = new SegmentHeader(id, Sequence + 1, created).ToLine(Head, _salts.Next(), out var headerHash);
        _nonce = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
        _progress = new WalProgress(WalFrame.HeaderLength + header.Length, header.Length, Sequence + 1, Sequence, Head, IsFinished: false);
        _segment = new WalSegment(id, created, file, _progress, headerHash, readers, released);
        _number++;
        Bytes += header.Length;
        begun(_segment);

        // Flushed with the first batch: before that it says nothing that anybody was told.
        var frame = new byte[WalFrame.HeaderLength + header.Length];
        WalFrame.Of(header, _nonce, Sequence + 1, 0).Write(frame);
        header.CopyTo(frame.AsSpan(WalFrame.HeaderLength));
        file.Write(frame, 0);
        return _segment;
    }

    private (int Lines, long Sequence, ChainHash Head) Chain(EntryBatch batch, int most)
    {
        if (_frame.Length < WalFrame.HeaderLength + most)
        {
            _frame = new byte[WalFrame.HeaderLength + most];
        }

        var (sequence, head, at) = (Sequence, Head, WalFrame.HeaderLength);
        var contents = batch.Contents;
        foreach (var length in batch.Lengths)
        {
            var line = _frame.AsSpan(at);
            var content = ChainedLine.ContentOf(line);
            var written = SegmentLines.WriteSequence(++sequence, content);
            contents[..length].CopyTo(content[written..]);
            contents = contents[length..];
            head = ChainedLine.Seal(head, _salts.Next(), written + length, line);
            at += ChainedLine.FullLength(written + length);
        }

        return (at - WalFrame.HeaderLength, sequence, head);
    }

    private void Write(WalSegment segment, int lines, bool flush)
    {
        var frame = _frame.AsSpan(0, WalFrame.HeaderLength + lines);
        WalFrame.Of(frame[WalFrame.HeaderLength..], _nonce, Sequence + 1, _progress.Lines).Write(frame);
        var end = _progress.End + frame.Length;
        if (end > segment.File.Length)
        {
            Wait();
            if (end > segment.File.Length)
            {
                segment.File.Extend(end);
            }
        }

        segment.File.Write(frame, _progress.End);
        if (flush)
        {
            segment.File.Flush();
        }

        _progress = _progress with { End = end, Lines = _progress.Lines + lines };
    }

    // Ahead of the writer, beside it.
    private void Grow(WalSegment segment)
    {
        var length = segment.File.Length;
        if (_growing.IsCompleted && length < options.SegmentBytes && length - _progress.End < LowWater)
        {
            _growing = Task.Run(() => segment.File.Extend(Math.Min(options.SegmentBytes, length + Growth)));
        }
    }

    // INVARIANT: a file is never extended by two, or zeros would be written over records.
    private void Wait()
    {
        try
        {
            _growing.GetAwaiter().GetResult();
        }
        catch (IOException)
        {
            // The disk is full, perhaps no longer: the writer's own attempt says.
        }

        _growing = Task.CompletedTask;
    }

    private void Abandon()
    {
        if (_segment is not { } segment)
        {
            return;
        }

        Wait();
        var committed = segment.Progress;
        _segment = null;
        segment.Publish(committed with { IsFinished = true });
    }
}
