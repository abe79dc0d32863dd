using ControlZero.Engine.Policies;
using Orleans;

namespace ControlZero.Engine.Evaluation;

/// <summary>
/// What would be decided if the policies in shadow that apply to the agent were in force beside the others: by the same order, rules and defaults.
/// Only policies are asked: no suspension and no limit has a part in it.
/// </summary>
[GenerateSerializer, Immutable, Alias("cz.ShadowAnswer")]
public sealed record ShadowAnswer
{
    /// <summary>The effect of the rule or default that would decide.</summary>
    [Id(0)]
    public required Effect Effect { get; init; }

    /// <summary>Whether the agent would be allowed to act.</summary>
    public bool Allowed => Effect.Permits();

    /// <summary>Why, in a word: one of <see cref="ReasonCodes"/> or the rule's own.</summary>
    [Id(1)]
    public required string ReasonCode { get; init; }

    /// <summary>The rule's reported id, or one of <see cref="SyntheticRules"/>.</summary>
    [Id(2)]
    public required string RuleId { get; init; }

    /// <summary>Name of the rule's policy, which need not be one in shadow. Empty: no rule would decide.</summary>
    [Id(3)]
    public string Policy { get; init; } = "";

    /// <summary>Version of that policy. 0: no rule would decide.</summary>
    [Id(4)]
    public long PolicyVersion { get; init; }

    /// <summary>A decision as the answer of policies in shadow.</summary>
    internal static ShadowAnswer Of(Decision decision) => new()
    {
        Effect = decision.Effect,
        ReasonCode = decision.ReasonCode,
        RuleId = decision.RuleId,
        Policy = decision.Policy,
        PolicyVersion = decision.PolicyVersion,
    };
}
