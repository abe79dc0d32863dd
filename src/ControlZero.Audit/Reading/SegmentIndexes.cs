using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Format.Segments;

namespace ControlZero.Audit.Reading;

/// <summary>
/// The indexes of an archive's segments: read from beside them, or made by reading a segment, and read further as it grows. A sealed segment gets its index
/// the first time anybody meets it without one. In a blob container a segment has its name from the beginning: there its end line says that it is sealed.
/// </summary>
/// <param name="archive">The log's files, indexes among them.</param>
/// <param name="store">Puts indexes there.</param>
/// <param name="seal">Signs them, and says whose are believed.</param>
/// <param name="time">Says which days' folders there can be.</param>
/// <param name="capacity">How many bytes of indexes are kept in memory, those of open segments aside.</param>
internal sealed class SegmentIndexes(IAuditArchive archive, IIndexStore store, IndexSeal seal, TimeProvider time, long capacity) : IDisposable
{
    // The directory, and of most indexes all there is.
    private const int FirstRead = 64 << 10;
    private const int MostHead = 64 << 20;

    // Of a longer time all folders are listed at once.
    private const int MostDays = 40;

    // A segment's first moment is in the hour of its folder, and it ends with it; what waits then is a matter of moments.
    private static readonly long FolderSlack = TimeSpan.FromHours(1.5).Ticks;

    private readonly IndexCache _files = new(capacity);
    private readonly ConcurrentDictionary<SegmentId, GrowingIndex> _growing = new();

    // Whose index could not be put beside it: a query does not try again, upkeep does.
    private readonly ConcurrentDictionary<SegmentId, bool> _unkept = new();

    // As upkeep saw them, with an index that is believed: it does not open thousands again and again.
    private readonly HashSet<IndexedSegment> _sound = [];

    /// <summary>What indexes in memory take, those of open segments aside. Unit: bytes.</summary>
    public long Weight => _files.Weight;

    /// <summary>The segments that may hold events of that time.</summary>
    public async Task<IReadOnlyList<IndexedSegment>> ListAsync(long from, long to, CancellationToken cancellationToken)
    {
        var (segments, indexes) = (new Dictionary<SegmentId, IndexedSegment>(), new Dictionary<string, long>());
        foreach (var folder in Folders(from, to))
        {
            await foreach (var file in archive.ListAsync(folder, cancellationToken))
            {
                if (SegmentId.TryParse(file.Path, out var id) && MayHold(file.Path, from, to))
                {
                    var segment = new IndexedSegment(id, file.Path, file.Length);
                    if (!segment.IsOpen || !segments.ContainsKey(id))
                    {
                        segments[id] = segment;
                    }
                }
                else if (file.Path.EndsWith(IndexFile.Extension, StringComparison.Ordinal))
                {
                    indexes[file.Path] = file.Length;
                }
            }
        }

        return [.. segments.Values.Select(segment => segment with { IndexLength = indexes.GetValueOrDefault(segment.IndexPath) })];
    }

    /// <summary>The tenant's entries in a segment. Null: it has none.</summary>
    public async Task<TenantEntries?> FindAsync(IndexedSegment segment, string tenant, CancellationToken cancellationToken)
    {
        if (!segment.IsOpen && (_files.Find(segment) ?? await OpenAsync(segment, cancellationToken)) is { } kept)
        {
            _growing.TryRemove(segment.Id, out _);
            return kept.Find(tenant) is { } part ? new StoredEntries(this, segment, kept, tenant, part) : null;
        }

        return await MakeAsync(segment, tenant, cancellationToken);
    }

    /// <summary>Makes the indexes that are missing. One call at a time.</summary>
    /// <param name="mine">Whose segments are seen to.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="IOException">One could not be put beside its segment. All others were.</exception>
    public async Task MakeAsync(Func<SegmentId, bool> mine, CancellationToken cancellationToken)
    {
        Exception? failed = null;
        foreach (var segment in (await ListAsync(0, long.MaxValue, cancellationToken)).Where(segment => !segment.IsOpen && mine(segment.Id)))
        {
            if (_sound.Contains(segment))
            {
                continue;
            }

            await FindAsync(segment, "", cancellationToken);
            if (_unkept.TryRemove(segment.Id, out _) && _files.Find(segment) is { } inMemory && !await TryKeepAsync(segment, inMemory.Begin, cancellationToken))
            {
                failed = new IOException($"the index of `{segment.Path}` cannot be put beside it");
            }
            else if (segment.IndexLength > 0)
            {
                _sound.Add(segment);
            }
        }

        if (failed is not null)
        {
            throw failed;
        }
    }

    /// <summary>How far each generation goes: its last event of any tenant that was indexed.</summary>
    public async Task<IReadOnlyList<EventPlace>> EndsAsync(CancellationToken cancellationToken)
    {
        var ends = new List<EventPlace>();
        foreach (var generation in (await ListAsync(0, long.MaxValue, cancellationToken)).GroupBy(segment => (segment.Id.Silo, segment.Id.Generation)))
        {
            var last = generation.MaxBy(segment => segment.Id.Number)!;
            ends.Add(new EventPlace(0, last.Id.Silo, last.Id.Generation, await LastAsync(last, cancellationToken)));
        }

        return ends;
    }

    public void Dispose()
    {
        foreach (var growing in _growing.Values)
        {
            growing.Dispose();
        }
    }

    // A log of years is not listed for the events of an hour.
    private IEnumerable<string> Folders(long from, long to)
    {
        var tomorrow = time.GetUtcNow().UtcDateTime.AddDays(1);
        var first = new DateTime(Math.Max(0, from - FolderSlack), DateTimeKind.Utc).Date;
        var last = to < tomorrow.Ticks ? new DateTime(Math.Max(0, to + FolderSlack), DateTimeKind.Utc).Date : tomorrow.Date;
        var days = (last - first).Days + 1;
        return days > MostDays
            ? [$"{SegmentId.Folder}/"]
            : Enumerable.Range(0, Math.Max(0, days)).Select(day => string.Create(CultureInfo.InvariantCulture, $"{SegmentId.Folder}/date={first.AddDays(day):yyyy-MM-dd}/"));
    }

    private static bool MayHold(string path, long from, long to)
    {
        // audit/date=2026-11-27/hour=12/…
        var parts = path.Split('/');
        return parts.Length < 4
            || !DateTime.TryParseExact(
                $"{parts[^3]} {parts[^2]}",
                "'date='yyyy-MM-dd 'hour='HH",
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out var hour)
            || (hour.Ticks - FolderSlack <= to && from <= hour.Ticks + TimeSpan.TicksPerHour + FolderSlack);
    }

    private async Task<long> LastAsync(IndexedSegment segment, CancellationToken cancellationToken)
    {
        const int Tail = 64 * 1024;
        var begin = Math.Max(0, segment.Length - Tail);
        var bytes = new byte[segment.Length - begin];
        await using var file = await archive.OpenAsync(segment.Path, begin, cancellationToken);
        var read = await file.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
        var last = 0L;
        foreach (var range in Lines(bytes.AsSpan(0, read)))
        {
            if (Format.Lines.ChainedLine.TryParse(bytes.AsSpan(range), out var line))
            {
                last = Math.Max(last, line.Sequence);
            }
        }

        return last;
    }

    private static List<Range> Lines(ReadOnlySpan<byte> bytes)
    {
        var lines = new List<Range>();
        for (var begin = 0; bytes[begin..].IndexOf((byte)'\n') is var length and >= 0; begin += length + 1)
        {
            lines.Add(begin..(begin + length));
        }

        return lines;
    }

    // Null: there is none that is believed.
    private async Task<IndexFile?> OpenAsync(IndexedSegment segment, CancellationToken cancellationToken)
    {
        // An entry is smaller than its line: what is larger than its segment is no index of it.
        if (segment.IndexLength < IndexFile.HeaderSize || segment.IndexLength > segment.Length)
        {
            return null;
        }

        var begin = await ReadAsync(segment, new ChunkPlace(0, (int)Math.Min(segment.IndexLength, FirstRead)), cancellationToken);
        if (IndexFile.HeadLengthOf(begin.Span) is { } head && head > begin.Length && head <= Math.Min(segment.IndexLength, MostHead))
        {
            begin = await ReadAsync(segment, new ChunkPlace(0, (int)head), cancellationToken);
        }

        if (IndexFile.TryRead(begin, segment, segment.IndexLength, seal) is not { } opened)
        {
            return null;
        }

        _files.Keep(segment, opened);
        return opened;
    }

    private async Task<TenantEntries?> MakeAsync(IndexedSegment segment, string tenant, CancellationToken cancellationToken)
    {
        var growing = _growing.GetOrAdd(segment.Id, static id => new GrowingIndex(id));
        var (entries, file) = await growing.ReadAsync(segment, tenant, archive, seal, cancellationToken);
        if (file is not null)
        {
            var isKept = await TryKeepAsync(segment, file, cancellationToken);

            // In memory whole when it is nowhere else, until there is no room for it.
            var begin = isKept && file.Length > FirstRead ? file[..(int)IndexFile.HeadLengthOf(file)!] : file;
            _files.Keep(segment, IndexFile.TryRead(begin, segment, file.Length, seal) ?? throw new InvalidOperationException("who makes indexes must believe them: trust the key that signs"));
            _growing.TryRemove(segment.Id, out _);
        }

        return entries;
    }

    // A query goes without what cannot be kept.
    private async Task<bool> TryKeepAsync(IndexedSegment segment, ReadOnlyMemory<byte> file, CancellationToken cancellationToken)
    {
        if (_unkept.ContainsKey(segment.Id))
        {
            return false;
        }

        try
        {
            await store.WriteAsync(segment.IndexPath, file, cancellationToken);
            return true;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            _unkept[segment.Id] = true;
            return false;
        }
    }

    // Empty: it is gone, or ends before.
    private async Task<ReadOnlyMemory<byte>> ReadAsync(IndexedSegment segment, ChunkPlace place, CancellationToken cancellationToken)
    {
        var bytes = new byte[place.Length];
        try
        {
            await archive.ReadAsync(segment.IndexPath, place.Offset, bytes, cancellationToken);
            return bytes;
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException or EndOfStreamException or UnauthorizedAccessException)
        {
            return default;
        }
    }

    // Entries in a file, of which those of a chunk are read when they are asked for. What turns out not to be what was written is made again.
    private sealed class StoredEntries(SegmentIndexes indexes, IndexedSegment segment, IndexFile file, string tenant, IndexFile.Part part) : TenantEntries
    {
        public override ImmutableArray<TimeSpread> Chunks => part.Spreads;

        public override async ValueTask<ReadOnlyMemory<EventEntry>> LoadAsync(int chunk, CancellationToken cancellationToken)
        {
            var place = part.PlaceOf(chunk);
            var bytes = file.InMemory(place);
            bytes = bytes.IsEmpty ? await indexes.ReadAsync(segment, place, cancellationToken) : bytes;
            return part.Take(chunk, bytes.Span, segment.Length) ?? await MakeAgainAsync(chunk, cancellationToken);
        }

        public override async ValueTask<ReadOnlyMemory<string>> LoadAgentsAsync(CancellationToken cancellationToken)
        {
            var bytes = file.InMemory(part.PlaceOfAgents);
            bytes = bytes.IsEmpty ? await indexes.ReadAsync(segment, part.PlaceOfAgents, cancellationToken) : bytes;
            if (part.TakeAgents(bytes.Span) is { } agents)
            {
                return agents;
            }

            return await MakeAgainAsync(cancellationToken) is { } made ? await made.LoadAgentsAsync(cancellationToken) : default;
        }

        private async Task<ReadOnlyMemory<EventEntry>> MakeAgainAsync(int chunk, CancellationToken cancellationToken) =>
            await MakeAgainAsync(cancellationToken) is { } made && chunk < made.Chunks.Length ? await made.LoadAsync(chunk, cancellationToken) : default;

        private Task<TenantEntries?> MakeAgainAsync(CancellationToken cancellationToken)
        {
            indexes._files.Forget(segment.Id);
            return indexes.MakeAsync(segment, tenant, cancellationToken);
        }
    }
}
