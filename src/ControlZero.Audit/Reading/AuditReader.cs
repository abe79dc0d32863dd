using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Format.Segments;

namespace ControlZero.Audit.Reading;

/// <summary>
/// Reads events out of the segments of an archive, by index: of a tenant's events those that match, and no line of another tenant. Safe for
/// several callers at once.
/// </summary>
public sealed class AuditReader : IDisposable
{
    /// <summary>How many entries and names of indexes one query looks at; the next page goes on from there.</summary>
    public const int MostEntries = 4_000_000;

    /// <summary>How many lines beyond a page's own one query reads, because lines turn out not to match; the next page goes on from there.</summary>
    public const int MostLines = 20_000;

    /// <summary>What indexes of sealed segments may take in memory; those that are asked for least are read again when they are. Unit: bytes.</summary>
    public const long MostIndexBytes = 64L << 20;

    // Lines that are read at a time when those that were picked first did not fill the page.
    private const int Refill = 2048;

    // Segments whose indexes are opened at a time.
    private const int AtATime = 8;

    // An event is recorded right after its decision, by the same clock, which may be set meanwhile.
    private static readonly long DecisionSlack = TimeSpan.FromMinutes(10).Ticks;

    private readonly SegmentIndexes _indexes;
    private readonly PickedLines _lines;
    private readonly int _mostLines;

    /// <summary>Creates it.</summary>
    /// <param name="archive">The log's files.</param>
    /// <param name="store">Puts indexes beside them.</param>
    /// <param name="seal">Signs indexes, and says whose are believed. Null: nobody signs.</param>
    /// <param name="time">Says which days' folders there can be. Null: the machine's.</param>
    public AuditReader(IAuditArchive archive, IIndexStore store, IndexSeal? seal = null, TimeProvider? time = null)
        : this(archive, store, seal, time, MostIndexBytes)
    {
    }

    internal AuditReader(IAuditArchive archive, IIndexStore store, IndexSeal? seal, TimeProvider? time, long indexBytes, int mostLines = MostLines)
    {
        _mostLines = mostLines;
        _lines = new PickedLines(archive);
        _indexes = new SegmentIndexes(archive, store, seal ?? IndexSeal.None, time ?? TimeProvider.System, indexBytes);
    }

    /// <summary>Lines that were read since the reader was made: what a query costs beyond its index.</summary>
    public long LinesRead => _lines.Read;

    /// <summary>What indexes of sealed segments take in memory now. Unit: bytes.</summary>
    internal long IndexBytes => _indexes.Weight;

    /// <summary>Makes indexes of sealed segments that lack one.</summary>
    /// <param name="mine">Whose segments are seen to.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="IOException">One could not be put beside its segment. All others were; a query does without it, more slowly.</exception>
    public Task IndexAsync(Func<SegmentId, bool> mine, CancellationToken cancellationToken) => _indexes.MakeAsync(mine, cancellationToken);

    /// <summary>The newest events that match.</summary>
    public async Task<EventPage> QueryAsync(EventQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);

        // An index knows names by hash, and of several models nothing: lines that it picked and that do not match are left out, and more are picked.
        var search = new EntrySearch(await ChunksAsync(query, cancellationToken), query);
        var found = new List<PlacedEvent>();
        for (var count = query.Count; found.Count < query.Count && !search.IsOver && search.Given < query.Count + _mostLines;)
        {
            var picked = await search.NextAsync(count, cancellationToken);
            count = Math.Min(Refill, query.Count + _mostLines - search.Given);
            found.AddRange((await _lines.ReadAsync(picked, query.Tenant, cancellationToken)).Where(item => query.Filter.Takes(item.Event)));
        }

        var newest = found.OrderByDescending(item => item.Place, EventPlace.Order).Take(query.Count).ToList();
        return new EventPage(newest, newest.Count == query.Count ? newest[^1].Place : search.LookedThrough);
    }

    /// <summary>The events of one decision, in their order. Empty: there are none.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="decisionId">The decision.</param>
    /// <param name="time">When it was made, which its id says. Ticks, UTC.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<IReadOnlyList<PlacedEvent>> FindAsync(string tenant, string decisionId, long time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(decisionId);

        var wanted = EventEntry.HashDecision(System.Text.Encoding.UTF8.GetBytes(decisionId));
        var query = new EventQuery(tenant, EventFilter.All, time - DecisionSlack, EventPlace.Before(time + DecisionSlack), 0);
        var picked = new List<(IndexedSegment Segment, EventEntry Entry)>();
        foreach (var chunk in await ChunksAsync(query, cancellationToken))
        {
            var entries = await chunk.Entries.LoadAsync(chunk.Number, cancellationToken);
            for (var index = 0; index < entries.Length; index++)
            {
                if (entries.Span[index].Decision == wanted)
                {
                    picked.Add((chunk.Segment, entries.Span[index]));
                }
            }
        }

        var found = (await _lines.ReadAsync(picked, tenant, cancellationToken)).Where(item => item.Event.DecisionId == decisionId);
        return [.. found.OrderBy(item => item.Place, EventPlace.Order)];
    }

    /// <summary>The tenant's events after a sequence of each generation, in the order of each.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="after">The sequence, by silo and generation.</param>
    /// <param name="since">Of generations that are followed from their beginning, only events since then. Ticks, UTC.</param>
    /// <param name="count">At most so many.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<IReadOnlyList<PlacedEvent>> FollowAsync(
        string tenant,
        Func<string, long, long> after,
        long since,
        int count,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(after);

        var picked = new List<(IndexedSegment Segment, EventEntry Entry)>();
        var segments = await _indexes.ListAsync(since, long.MaxValue, cancellationToken);
        foreach (var segment in segments.OrderBy(each => each.Id.Silo).ThenBy(each => each.Id.Generation).ThenBy(each => each.Id.Number))
        {
            var begin = after(segment.Id.Silo, segment.Id.Generation);
            if (begin == long.MaxValue || await _indexes.FindAsync(segment, tenant, cancellationToken) is not { } entries)
            {
                continue;
            }

            for (var chunk = 0; chunk < entries.Chunks.Length && picked.Count < count; chunk++)
            {
                if (begin == 0 && entries.Chunks[chunk].Latest < since)
                {
                    continue;
                }

                var loaded = await entries.LoadAsync(chunk, cancellationToken);
                for (var index = loaded.IsEmpty || loaded.Span[^1].Sequence <= begin ? loaded.Length : 0; index < loaded.Length && picked.Count < count; index++)
                {
                    var entry = loaded.Span[index];
                    if (entry.Sequence > begin && (begin > 0 || entry.Time >= since))
                    {
                        picked.Add((segment, entry));
                    }
                }
            }
        }

        return await _lines.ReadAsync(picked, tenant, cancellationToken);
    }

    /// <summary>The generations there are, and how far each was read.</summary>
    public async Task<IReadOnlyList<EventPlace>> EndsAsync(CancellationToken cancellationToken) => await _indexes.EndsAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _indexes.Dispose();

    internal static EventPlace PlaceOf(IndexedSegment segment, in EventEntry entry) => new(entry.Time, segment.Id.Silo, segment.Id.Generation, entry.Sequence);

    // All chunks of the tenant that may hold what is asked for, the latest first.
    private async Task<IReadOnlyList<EntryChunk>> ChunksAsync(EventQuery query, CancellationToken cancellationToken)
    {
        var chunks = new List<EntryChunk>();
        foreach (var some in (await _indexes.ListAsync(query.From, query.Before.Time, cancellationToken)).Chunk(AtATime))
        {
            var found = await Task.WhenAll(some.Select(segment => _indexes.FindAsync(segment, query.Tenant, cancellationToken)));
            foreach (var (segment, entries) in some.Zip(found))
            {
                for (var number = 0; number < entries?.Chunks.Length; number++)
                {
                    if (entries.Chunks[number] is var spread && spread.Latest >= query.From && spread.Earliest <= query.Before.Time)
                    {
                        chunks.Add(new EntryChunk(segment, entries, number, spread));
                    }
                }
            }
        }

        chunks.Sort((one, other) => other.Spread.Latest.CompareTo(one.Spread.Latest));
        return chunks;
    }
}
