using System.Collections.Immutable;

namespace ControlZero.Grains.Feed;

/// <summary>The change feed of the whole cluster: the newest changes, one a thing, in a single record.</summary>
[GenerateSerializer, Alias("cz.ChangeFeedState")]
internal sealed record ChangeFeedState
{
    /// <summary>
    /// How many changes the record keeps of agents, and as many again of all else. Unit: changes. A reader that missed more than these
    /// forgets everything it holds and loads anew: dearer, never wrong. Agents are counted apart, so that relabelling thousands of them
    /// does not cost every silo its policies.
    /// </summary>
    public const int Capacity = 256;

    /// <summary>Number of this layout.</summary>
    [Id(0)]
    public int SchemaVersion { get; init; } = 1;

    /// <summary>The highest place given. 0: none.</summary>
    [Id(1)]
    public long Sequence { get; init; }

    /// <summary>The changes, oldest first.</summary>
    [Id(2)]
    public ImmutableArray<Change> Changes { get; init; } = [];

    /// <summary>The highest place of a change of tenants or keys that had to make room. 0: none had to.</summary>
    [Id(3)]
    public long Dropped { get; init; }

    /// <summary>The same of agents.</summary>
    [Id(4)]
    public long DroppedAgents { get; init; }

    /// <summary>
    /// The feed with these changes at its end. A change of the same thing that was there already leaves its place for them, and its number where that is
    /// the higher one: the second word of a change may come after the first word of the next.
    /// </summary>
    public ChangeFeedState Append(IReadOnlyList<Change> changes)
    {
        var kept = Changes.ToList();
        var sequence = Sequence;
        foreach (var change in changes)
        {
            var version = kept.Where(change.Replaces).Aggregate(change.Version, (highest, earlier) => Math.Max(highest, earlier.Version));
            kept.RemoveAll(change.Replaces);
            kept.Add(change with { Sequence = ++sequence, Version = version });
        }

        var dropped = Trim(kept, change => change.Kind != ChangeKind.Agent);
        var droppedAgents = Trim(kept, change => change.Kind == ChangeKind.Agent);
        return this with
        {
            Sequence = sequence,
            Changes = [.. kept],
            Dropped = Math.Max(Dropped, dropped),
            DroppedAgents = Math.Max(DroppedAgents, droppedAgents),
        };
    }

    /// <summary>True when a reader that knows the feed up to that place may have missed a change of a tenant or key.</summary>
    public bool IsPast(long cursor) => cursor < Dropped || cursor > Sequence;

    /// <summary>The same of agents.</summary>
    public bool IsPastForAgents(long cursor) => cursor < DroppedAgents || cursor > Sequence;

    private static long Trim(List<Change> changes, Func<Change, bool> counted)
    {
        var oldest = changes.Where(counted).SkipLast(Capacity).ToList();
        changes.RemoveAll(oldest.Contains);
        return oldest.Count > 0 ? oldest[^1].Sequence : 0;
    }
}
