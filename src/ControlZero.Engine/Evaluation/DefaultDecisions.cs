using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Evaluation;

/// <summary>The decisions that no rule makes.</summary>
internal static class DefaultDecisions
{
    /// <summary>Policies apply, and none of their rules matched.</summary>
    public static Decision NoRuleMatch(Effect effect) => new()
    {
        Effect = effect,
        ReasonCode = ReasonCodes.NoRuleMatch,
        Reason = $"no rule matched; default action is {effect.ToWord()}",
        RuleId = SyntheticRules.NoRuleMatch,
    };

    /// <summary>None matched, and the resource was all that kept a rule from it.</summary>
    public static Decision ResourceGateSkip { get; } = new()
    {
        Effect = Effect.Deny,
        ReasonCode = ReasonCodes.NoRuleMatch,
        Reason = "no rule matched; a rule for this action asks for another resource; default action is deny",
        RuleId = SyntheticRules.ResourceGateSkip,
    };

    /// <summary>Matching would have taken longer than a decision may.</summary>
    public static Decision EvaluationLimit { get; } = new()
    {
        Effect = Effect.Deny,
        ReasonCode = ReasonCodes.EvaluationLimit,
        Reason = "the policies take too long to match against this request; use fewer or simpler patterns, or send less context",
        RuleId = SyntheticRules.EvaluationLimit,
    };

    /// <summary>No policy applies.</summary>
    public static Decision NoActivePolicies(Effect effect) => new()
    {
        Effect = effect,
        ReasonCode = ReasonCodes.NoActivePolicies,
        Reason = $"no policy applies to this agent; the tenant's default is {effect.ToWord()}",
        RuleId = SyntheticRules.NoActivePolicies,
    };

    /// <summary>The strictest of several default actions: deny, then warn, then allow.</summary>
    public static Effect Strictest(IEnumerable<Effect> effects)
    {
        var strictest = Effect.Allow;
        foreach (var effect in effects)
        {
            strictest = (strictest, effect) switch
            {
                (_, Effect.Allow) => strictest,
                (Effect.Allow, Effect.Warn) or (Effect.Warn, Effect.Warn) => Effect.Warn,
                _ => Effect.Deny,
            };
        }

        return strictest;
    }
}
