using ControlZero.Audit.Format.Lines;
using ControlZero.Audit.Format.Segments;

namespace ControlZero.Audit.Wal;

/// <summary>
/// Takes over what killed silos left in the WAL: cuts the torn tail, which nobody was told of, and hands the segments on to be shipped. A file that a living
/// process holds is left alone.
/// </summary>
internal static class WalRecovery
{
    /// <summary>Segments to ship, those of a generation in order.</summary>
    public static IReadOnlyList<RecoveredSegment> Run(IWalFiles files)
    {
        var found = new List<RecoveredSegment>();
        foreach (var name in files.List().Where(name => name.EndsWith(WalStore.Extension, StringComparison.Ordinal)))
        {
            if (files.TryTake(name) is not { } file)
            {
                continue;
            }

            if (!WalStore.IsSpare(name) && Read(file) is { } segment)
            {
                found.Add(segment);
            }
            else
            {
                file.Delete();
            }
        }

        found.Sort((one, other) => (one.Id.Silo, one.Id.Generation, one.Id.Number).CompareTo((other.Id.Silo, other.Id.Generation, other.Id.Number)));
        for (var index = 0; index + 1 < found.Count; index++)
        {
            var (segment, next) = (found[index], found[index + 1]);
            if (segment.Id.Silo == next.Id.Silo && segment.Id.Generation == next.Id.Generation && segment.Progress.Last >= next.Progress.First)
            {
                // Its last batch failed and was answered so; the next segment went on without it.
                found[index] = Cut(segment, next.Progress.First);
            }
        }

        return found;
    }

    private static RecoveredSegment Cut(RecoveredSegment segment, long before) => Read(segment.File, before)!;

    // Null when the file's segment had not begun: its name is newer than what is in it, or nothing is.
    private static RecoveredSegment? Read(IWalFile file, long before = long.MaxValue)
    {
        if (!SegmentId.TryParse(Path.ChangeExtension(file.Name, SegmentId.Extension), out var id)
            || ReadFrame(file, 0) is not { } header
            || !ChainedLine.TryParse(header.Lines.AsSpan(..^1), out var line)
            || !SegmentHeader.TryParse(line.Content, out var description)
            || description.Id != id)
        {
            return null;
        }

        var nonce = header.Frame.Nonce;
        var progress = new WalProgress(
            WalFrame.HeaderLength + header.Lines.Length, header.Lines.Length, description.First, description.First - 1, line.Previous, IsFinished: true);
        while (ReadFrame(file, progress.End) is { } next && Continues(next.Frame, nonce, progress) && next.Frame.FirstSequence < before)
        {
            progress = Add(progress, next.Lines);
        }

        var isDamaged = before == long.MaxValue && HasFramesAfter(file, progress.End, nonce);
        return new RecoveredSegment(id, description.Created, file, progress, line.Hash, isDamaged);
    }

    private static bool Continues(WalFrame frame, ulong nonce, WalProgress progress) =>
        frame.Nonce == nonce && frame.FirstSequence == progress.Last + 1 && frame.LinesOffset == progress.Lines;

    private static WalProgress Add(WalProgress progress, byte[] lines)
    {
        var count = lines.AsSpan().Count((byte)'\n');
        var last = lines.AsSpan(0, lines.Length - 1);
        if (!ChainedLine.TryParse(last[(last.LastIndexOf((byte)'\n') + 1)..], out var line))
        {
            throw new InvalidDataException("a frame of the WAL with a sound checksum holds no line of a segment");
        }

        return progress with
        {
            End = progress.End + WalFrame.HeaderLength + lines.Length,
            Lines = progress.Lines + lines.Length,
            Last = progress.Last + count,
            Head = line.Hash,
        };
    }

    private static (WalFrame Frame, byte[] Lines)? ReadFrame(IWalFile file, long at)
    {
        Span<byte> header = stackalloc byte[WalFrame.HeaderLength];
        if (file.Read(header, at) < header.Length || !WalFrame.TryRead(header, out var frame) || frame.Length > file.Length - at)
        {
            return null;
        }

        var lines = new byte[frame.Length];
        return file.Read(lines, at + header.Length) == lines.Length && frame.Covers(lines) ? (frame, lines) : null;
    }

    // A torn batch is the last one. Sound frames of this segment behind a bad one mean that the disk lost something that had been flushed.
    private static bool HasFramesAfter(IWalFile file, long from, ulong nonce)
    {
        var block = new byte[1 << 20];
        for (var at = from; at < file.Length; at += block.Length - WalFrame.HeaderLength)
        {
            var read = file.Read(block, at);
            for (var index = 0; index + WalFrame.HeaderLength <= read; index++)
            {
                if (block[index] == 'C' && WalFrame.TryRead(block.AsSpan(index, WalFrame.HeaderLength), out var frame) && frame.Nonce == nonce
                    && at + index > from && ReadFrame(file, at + index) is not null)
                {
                    return true;
                }
            }
        }

        return false;
    }
}

/// <summary>A segment that a killed silo left.</summary>
/// <param name="Id">Which.</param>
/// <param name="Created">Its first moment.</param>
/// <param name="File">Where it is.</param>
/// <param name="Progress">What of it is sound.</param>
/// <param name="Header">Hash of its segment line.</param>
/// <param name="IsDamaged">Sound frames follow an unsound one: something that had been flushed is gone.</param>
internal sealed record RecoveredSegment(SegmentId Id, DateTimeOffset Created, IWalFile File, WalProgress Progress, ChainHash Header, bool IsDamaged);
