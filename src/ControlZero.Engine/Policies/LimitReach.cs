using ControlZero.Engine.Matching;
using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Policies;

/// <summary>What one limit counts, as far as lint needs to know.</summary>
internal sealed class LimitReach(QuotaLimit limit)
{
    /// <summary>The limit.</summary>
    public QuotaLimit Limit { get; } = limit;

    /// <summary>Its patterns over actions, in all their forms. Empty: every action.</summary>
    public PatternSet Actions { get; } = PatternSet.OfActions(limit.Actions, ignoringAsciiCase: false);

    /// <summary>Its patterns over resources. Empty: every resource, and none.</summary>
    public PatternSet Resources { get; } = PatternSet.OfTexts(limit.Resources.AsSpan());
}
