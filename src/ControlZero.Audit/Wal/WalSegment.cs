using System.Buffers;
using ControlZero.Audit.Format.Lines;
using ControlZero.Audit.Format.Segments;

namespace ControlZero.Audit.Wal;

/// <summary>One segment in the WAL: written by the writer's thread, read by the lanes up to what is committed.</summary>
internal sealed class WalSegment
{
    private readonly Lock _lock = new();
    private readonly Action<WalSegment> _released;
    private WalProgress _progress;
    private int _readers;
    private int _recorded;

    public WalSegment(SegmentId id, DateTimeOffset created, IWalFile file, WalProgress progress, ChainHash header, int readers, Action<WalSegment> released)
    {
        (Id, Created, File, Header) = (id, created, file, header);
        (_progress, _readers, _released) = (progress, readers, released);
    }

    public SegmentId Id { get; }

    public DateTimeOffset Created { get; }

    public IWalFile File { get; }

    /// <summary>Hash of the segment line.</summary>
    public ChainHash Header { get; }

    /// <summary>A copy of how far it is.</summary>
    public WalProgress Progress
    {
        get
        {
            lock (_lock)
            {
                return _progress;
            }
        }
    }

    /// <summary>Tells the lanes that more may be read.</summary>
    public void Publish(WalProgress progress)
    {
        lock (_lock)
        {
            _progress = progress;
        }
    }

    /// <summary>True for the first who asks: he tells the ledger that the segment is final.</summary>
    public bool TryRecord() => Interlocked.Exchange(ref _recorded, 1) == 0;

    /// <summary>A reader is done with it; after the last one its file is free.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _readers) == 0)
        {
            _released(this);
        }
    }

    /// <summary>
    /// Reads the lines of whole frames from a place in the file on, about <paramref name="most"/> bytes of them (one frame at least). Gives where the next frame
    /// begins, and the last sequence read.
    /// </summary>
    public (long Next, long Last) ReadLines(long from, WalProgress upTo, int most, ArrayBufferWriter<byte> to)
    {
        Span<byte> header = stackalloc byte[WalFrame.HeaderLength];
        var at = from;
        while (at < upTo.End)
        {
            if (File.Read(header, at) < header.Length || !WalFrame.TryRead(header, out var frame))
            {
                throw new InvalidDataException($"the WAL of {Id} has no frame at byte {at}, where one was committed");
            }

            if (to.WrittenCount > 0 && to.WrittenCount + frame.Length > most)
            {
                return (at, frame.FirstSequence - 1);
            }

            var lines = to.GetSpan(frame.Length)[..frame.Length];
            if (File.Read(lines, at + header.Length) < lines.Length || !frame.Covers(lines))
            {
                throw new InvalidDataException($"the WAL of {Id} is damaged in the frame at byte {at}: its checksum differs");
            }

            to.Advance(frame.Length);
            at += header.Length + frame.Length;
        }

        return (at, upTo.Last);
    }
}

/// <summary>How far a segment is written.</summary>
/// <param name="End">Byte after the last frame.</param>
/// <param name="Lines">Bytes of all lines.</param>
/// <param name="First">Sequence of the first record.</param>
/// <param name="Last">Sequence of the last record; before the first one of an empty segment.</param>
/// <param name="Head">Hash of the last record, or of the one before the segment.</param>
/// <param name="IsFinished">Nothing more comes.</param>
internal readonly record struct WalProgress(long End, long Lines, long First, long Last, ChainHash Head, bool IsFinished)
{
    public bool IsEmpty => Last < First;
}
