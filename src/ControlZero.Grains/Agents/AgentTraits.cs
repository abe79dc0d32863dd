using System.Collections.Immutable;
using ControlZero.Engine.Quotas;

namespace ControlZero.Grains.Agents;

/// <summary>What is an agent's own in the decisions about it.</summary>
/// <param name="Labels">Its labels.</param>
/// <param name="Limits">Its own limits, which count beside those of the policies.</param>
internal sealed record AgentTraits(ImmutableSortedDictionary<string, string> Labels, ImmutableArray<QuotaLimit> Limits)
{
    /// <summary>An agent that nothing is known of.</summary>
    public static readonly AgentTraits None = new(ImmutableSortedDictionary<string, string>.Empty, []);

    /// <summary>What the agent keeps, ready for decisions.</summary>
    public static AgentTraits Of(AgentState state) => state.Labels.IsEmpty && state.Limits.IsDefaultOrEmpty
        ? None
        : new(state.Labels, state.Limits.IsDefault ? [] : [.. state.Limits.Select(limit => limit.ToQuota())]);
}
