using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;

namespace ControlZero.Grains.Feed;

/// <summary>
/// What the feed says of agents. An activation that the cluster has replaced without its knowing may hold labels of the past; it compares
/// a number with every decision and looks here only when that has grown.
/// </summary>
public sealed class AgentNotices
{
    private volatile Notices _current = new(0, 0, 0, []);

    /// <summary>Grows whenever something is new.</summary>
    public long Generation => _current.Generation;

    /// <summary>True when the agent's record must be read again.</summary>
    /// <param name="tenant">The agent's tenant.</param>
    /// <param name="agent">The agent.</param>
    /// <param name="version">The version that is held.</param>
    /// <param name="seen">The generation up to which it was known to be right.</param>
    public bool Concern(TenantId tenant, AgentId agent, long version, long seen)
    {
        var current = _current;
        return seen < current.ResetAt
            || (current.Versions.TryGetValue((tenant, agent.Value), out var newest) && newest > (ulong)version);
    }

    /// <summary>Takes what the feed holds.</summary>
    internal void Take(ChangeFeedState feed, bool missedSome)
    {
        var changes = feed.Changes.Where(change => change.Kind == ChangeKind.Agent).ToList();
        var last = changes.Count > 0 ? changes[^1].Sequence : 0;
        var current = _current;
        if (last == current.Last && !missedSome)
        {
            return;
        }

        var generation = current.Generation + 1;
        var versions = changes.ToDictionary(change => (change.Tenant, change.Subject), change => change.Version);
        _current = new Notices(generation, missedSome ? generation : current.ResetAt, last, versions);
    }

    private sealed record Notices(long Generation, long ResetAt, long Last, Dictionary<(TenantId Tenant, string Agent), ulong> Versions);
}
