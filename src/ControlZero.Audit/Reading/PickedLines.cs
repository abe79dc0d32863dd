using ControlZero.Audit.Format.Archive;

namespace ControlZero.Audit.Reading;

/// <summary>
/// Reads the lines that an index picked. Those that stand close together, as far apart as the archive says, are read with one request, and some requests are under
/// way at a time: a page of a thousand events out of a container is some requests long, not a thousand.
/// </summary>
internal sealed class PickedLines(IAuditArchive archive)
{
    private const int MostBytes = 4 << 20;
    private const int AtATime = 8;

    private long _read;

    /// <summary>Lines that were looked at.</summary>
    public long Read => Interlocked.Read(ref _read);

    /// <summary>The events, by segment and place. One that is gone, or another tenant's after all, is left out.</summary>
    public async Task<IReadOnlyList<PlacedEvent>> ReadAsync(
        IEnumerable<(IndexedSegment Segment, EventEntry Entry)> picked, string tenant, CancellationToken cancellationToken)
    {
        var found = new List<PlacedEvent>();
        foreach (var some in Runs(picked).Chunk(AtATime))
        {
            foreach (var events in await Task.WhenAll(some.Select(run => ReadAsync(run, tenant, cancellationToken))))
            {
                found.AddRange(events);
            }
        }

        return found;
    }

    private IEnumerable<Run> Runs(IEnumerable<(IndexedSegment Segment, EventEntry Entry)> picked)
    {
        Run? run = null;
        var ordered = picked.OrderBy(item => item.Segment.Id.Silo, StringComparer.Ordinal).ThenBy(item => item.Segment.Id.Generation)
            .ThenBy(item => item.Segment.Id.Number).ThenBy(item => item.Entry.Offset);
        foreach (var (segment, entry) in ordered)
        {
            if (run is not null && run.Segment.Id == segment.Id && entry.Offset - run.End <= archive.CheapGap && entry.Offset + entry.Length - run.Begin <= MostBytes)
            {
                run.Entries.Add(entry);
                continue;
            }

            if (run is not null)
            {
                yield return run;
            }

            run = new Run(segment, [entry]);
        }

        if (run is not null)
        {
            yield return run;
        }
    }

    private async Task<IReadOnlyList<PlacedEvent>> ReadAsync(Run run, string tenant, CancellationToken cancellationToken)
    {
        var bytes = new byte[run.End - run.Begin];
        if (!await TryReadAsync(run.Segment.Path, run.Begin, bytes, cancellationToken)
            && (run.Segment.SealedPath == run.Segment.Path || !await TryReadAsync(run.Segment.SealedPath, run.Begin, bytes, cancellationToken)))
        {
            return [];
        }

        var events = new List<PlacedEvent>(run.Entries.Count);
        foreach (var entry in run.Entries)
        {
            Interlocked.Increment(ref _read);
            var line = bytes.AsMemory((int)(entry.Offset - run.Begin), entry.Length);
            if (LineReader.TryRead(line, tenant, run.Segment.Id.Silo, out var sequence) is { } audited && sequence == entry.Sequence)
            {
                events.Add(new PlacedEvent(AuditReader.PlaceOf(run.Segment, entry), audited));
            }
        }

        return events;
    }

    // False: sealed, and thereby renamed, or dropped by retention since it was listed.
    private async Task<bool> TryReadAsync(string path, long offset, byte[] bytes, CancellationToken cancellationToken)
    {
        try
        {
            await archive.ReadAsync(path, offset, bytes, cancellationToken);
            return true;
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException or EndOfStreamException)
        {
            return false;
        }
    }

    private sealed record Run(IndexedSegment Segment, List<EventEntry> Entries)
    {
        public long Begin => Entries[0].Offset;

        public long End => Entries[^1].Offset + Entries[^1].Length;
    }
}
