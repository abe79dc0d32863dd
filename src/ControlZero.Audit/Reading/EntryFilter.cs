namespace ControlZero.Audit.Reading;

/// <summary>A filter as an index knows its names. What it takes may turn out not to match; what it does not take cannot match.</summary>
internal sealed class EntryFilter(EventFilter filter)
{
    private readonly uint? _agent = Hash(filter.Agent);
    private readonly uint? _effect = Hash(filter.Effect);
    private readonly uint? _model = Hash(filter.Model);
    private readonly uint? _policy = Hash(filter.Policy);
    private readonly uint? _rule = Hash(filter.Rule);

    // Of patterns that are names, what holds everywhere.
    private readonly HashSet<uint>? _literals = filter.Agents.All(glob => glob.IsLiteral)
        ? [.. filter.Agents.Select(glob => EventEntry.Hash(glob.LiteralPrefix))]
        : null;

    // Of other patterns, what holds for one tenant's entries in one segment: an index has the names beside the hashes.
    private readonly Dictionary<TenantEntries, HashSet<uint>> _matching = [];

    /// <summary>How many names were held against patterns.</summary>
    public int Looked { get; private set; }

    /// <summary>The agents, by hash, whose entries may match. Null: all.</summary>
    /// <param name="entries">Among whom.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async ValueTask<HashSet<uint>?> AgentsAsync(TenantEntries entries, CancellationToken cancellationToken)
    {
        if (filter.Agents.IsEmpty || _literals is not null)
        {
            return filter.Agents.IsEmpty ? null : _literals;
        }

        if (!_matching.TryGetValue(entries, out var matching))
        {
            var names = await entries.LoadAgentsAsync(cancellationToken);
            matching = [];
            Looked += names.Length;
            foreach (var name in names.Span)
            {
                if (filter.Agents.Any(glob => glob.IsMatch(name)))
                {
                    matching.Add(EventEntry.Hash(name));
                }
            }

            _matching.Add(entries, matching);
        }

        return matching;
    }

    /// <summary>True when the event of the entry may match.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="agents">Whose entries may match.</param>
    public bool Takes(in EventEntry entry, HashSet<uint>? agents) =>
        (_agent is null || _agent == entry.Agent)
        && (agents is null || agents.Contains(entry.Agent))
        && (_effect is null || _effect == entry.Effect)
        && (_model is null || _model == entry.Model || entry.Model == EventEntry.SeveralModels)
        && (_policy is null || _policy == entry.Policy)
        && (_rule is null || _rule == entry.Rule);

    private static uint? Hash(string? name) => name is null ? null : EventEntry.Hash(name);
}
