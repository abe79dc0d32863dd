namespace ControlZero.Audit.Reading;

/// <summary>Goes down through the entries of a query, the newest first, some at a time. One caller at a time.</summary>
/// <param name="chunks">All chunks that may hold some, the latest first.</param>
/// <param name="query">The query.</param>
internal sealed class EntrySearch(IReadOnlyList<EntryChunk> chunks, EventQuery query)
{
    private readonly EntryFilter _wanted = new(query.Filter);
    private EventPlace _before = query.Before;
    private int _looked;

    /// <summary>How many were given.</summary>
    public int Given { get; private set; }

    /// <summary>True when there are no more, or as many were looked at as one query may.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Down to this place, inclusive, all that may match were given. Null: all there are.</summary>
    public EventPlace? LookedThrough { get; private set; }

    /// <summary>The next ones that may match, in no order.</summary>
    /// <param name="count">At most so many.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<IReadOnlyList<(IndexedSegment Segment, EventEntry Entry)>> NextAsync(int count, CancellationToken cancellationToken)
    {
        var newest = new PriorityQueue<(IndexedSegment Segment, EventEntry Entry), EventPlace>(EventPlace.Order);
        EventPlace? end = null;
        foreach (var chunk in chunks.Where(chunk => chunk.Spread.Earliest <= _before.Time))
        {
            if (newest.Count == count && newest.TryPeek(out _, out var oldest) && oldest.Time > chunk.Spread.Latest)
            {
                break;
            }

            if (_looked + _wanted.Looked > AuditReader.MostEntries)
            {
                // Later than the chunk's latest nothing is missing, and nothing that was given before.
                var later = EventPlace.Before(chunk.Spread.Latest + 1);
                end = EventPlace.Order.Compare(later, _before) < 0 ? later : _before;
                break;
            }

            var agents = await _wanted.AgentsAsync(chunk.Entries, cancellationToken);
            if (agents is { Count: 0 })
            {
                continue;
            }

            var entries = await chunk.Entries.LoadAsync(chunk.Number, cancellationToken);
            _looked += entries.Length;
            Pick(entries.Span, chunk.Segment, agents, count, newest);
        }

        IsOver = end is not null || newest.Count < count;
        LookedThrough = IsOver ? end : AuditReader.PlaceOf(newest.Peek().Segment, newest.Peek().Entry);
        _before = LookedThrough ?? _before;
        Given += newest.Count;
        return [.. newest.UnorderedItems.Where(item => IsGiven(item.Priority)).Select(item => item.Element)];
    }

    private bool IsGiven(EventPlace place) => LookedThrough is not { } through || EventPlace.Order.Compare(place, through) >= 0;

    private void Pick(
        ReadOnlySpan<EventEntry> entries,
        IndexedSegment segment,
        HashSet<uint>? agents,
        int count,
        PriorityQueue<(IndexedSegment Segment, EventEntry Entry), EventPlace> newest)
    {
        foreach (ref readonly var entry in entries)
        {
            if (entry.Time < query.From || entry.Time > _before.Time || !_wanted.Takes(entry, agents))
            {
                continue;
            }

            var place = AuditReader.PlaceOf(segment, entry);
            if (EventPlace.Order.Compare(place, _before) >= 0)
            {
                continue;
            }

            if (newest.Count < count)
            {
                newest.Enqueue((segment, entry), place);
            }
            else
            {
                newest.EnqueueDequeue((segment, entry), place);
            }
        }
    }
}

/// <summary>A chunk of a tenant's entries in a segment.</summary>
internal sealed record EntryChunk(IndexedSegment Segment, TenantEntries Entries, int Number, TimeSpread Spread);
