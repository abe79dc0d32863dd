namespace ControlZero.Audit.Reading;

/// <summary>A filter as an index knows its names. What it takes may turn out not to match; what it does not take cannot match.</summary>
internal sealed class EntryFilter(EventFilter filter)
{
    private readonly uint? _agent = Hash(filter.Agent);
    private readonly uint? _effect = Hash(filter.Effect);
    private readonly uint? _model = Hash(filter.Model);
    private readonly uint? _policy = Hash(filter.Policy);
    private readonly uint? _rule = Hash(filter.Rule);

    // Null: any agent, or patterns, which only names can be held against.
    private readonly HashSet<uint>? _agents = !filter.Agents.IsEmpty && filter.Agents.All(glob => glob.IsLiteral)
        ? [.. filter.Agents.Select(glob => EventEntry.Hash(glob.LiteralPrefix))]
        : null;

    /// <summary>True when the event of the entry may match.</summary>
    public bool Takes(in EventEntry entry) =>
        (_agent is null || _agent == entry.Agent)
        && (_agents is null || _agents.Contains(entry.Agent))
        && (_effect is null || _effect == entry.Effect)
        && (_model is null || _model == entry.Model || entry.Model == EventEntry.SeveralModels)
        && (_policy is null || _policy == entry.Policy)
        && (_rule is null || _rule == entry.Rule);

    private static uint? Hash(string? name) => name is null ? null : EventEntry.Hash(name);
}
