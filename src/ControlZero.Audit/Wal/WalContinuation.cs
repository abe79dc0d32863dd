using System.Buffers;
using ControlZero.Audit.Format.Lines;
using ControlZero.Audit.Format.Segments;

namespace ControlZero.Audit.Wal;

/// <summary>What is left of a segment after the records that a sink has: a segment of its own.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Header">Its first line. The same at every attempt.</param>
/// <param name="HeaderHash">Of that line.</param>
/// <param name="At">Where its first frame is in the WAL.</param>
/// <param name="First">Sequence of its first record.</param>
internal sealed record WalContinuation(SegmentId Id, byte[] Header, ChainHash HeaderHash, long At, long First)
{
    public static WalContinuation Of(WalSegment segment, WalProgress progress, long last)
    {
        var block = new ArrayBufferWriter<byte>();
        var (at, read) = (0L, progress.First - 1);
        while (read < last && at < progress.End)
        {
            block.ResetWrittenCount();
            (at, read) = segment.ReadLines(at, progress, 1, block);
        }

        var lines = block.WrittenSpan;
        if (read != last || lines.IsEmpty || !ChainedLine.TryParse(lines[(lines[..^1].LastIndexOf((byte)'\n') + 1)..^1], out var line))
        {
            throw new InvalidDataException($"segment {segment.Id} was sealed with record {last}, which does not end a frame of its WAL");
        }

        var header = new SegmentHeader(segment.Id.Continuation, last + 1, segment.Created).ToLine(line.Hash, new byte[ChainHash.SaltLength], out var hash);
        return new WalContinuation(segment.Id.Continuation, header, hash, at, last + 1);
    }

    /// <summary>As the ledger wants it. Its file is the original's.</summary>
    public WalSegment ToSegment(WalSegment segment, WalProgress progress) =>
        new(Id, segment.Created, segment.File, progress with { First = First }, HeaderHash, readers: 1, released: _ => { });
}
