using System.Collections.Immutable;
using ControlZero.Engine.Policies;
using Orleans;

namespace ControlZero.Engine.Evaluation;

/// <summary>
/// What an evaluation can come to. Made once, when a policy is compiled, and shared by every request it decides: evaluating allocates nothing.
/// With an answer of policies in shadow beside it, it is one request's own.
/// </summary>
[GenerateSerializer, Immutable, Alias("cz.Decision")]
public sealed record Decision
{
    /// <summary>The effect of the rule or default that decided.</summary>
    [Id(0)]
    public required Effect Effect { get; init; }

    /// <summary>Whether the agent may act.</summary>
    public bool Allowed => Effect.Permits();

    /// <summary>Why, in a word: one of <see cref="ReasonCodes"/> or the rule's own.</summary>
    [Id(1)]
    public required string ReasonCode { get; init; }

    /// <summary>Why, in a sentence: the rule's own or one made from what decided.</summary>
    [Id(2)]
    public required string Reason { get; init; }

    /// <summary>The rule's reported id, or one of <see cref="SyntheticRules"/>.</summary>
    [Id(3)]
    public required string RuleId { get; init; }

    /// <summary>Position of the rule in its policy, from 0. Null: no rule decided.</summary>
    [Id(4)]
    public int? RuleIndex { get; init; }

    /// <summary>Name of the rule's policy. Empty: no rule decided.</summary>
    [Id(5)]
    public string Policy { get; init; } = "";

    /// <summary>Version of that policy. 0: no rule decided.</summary>
    [Id(6)]
    public long PolicyVersion { get; init; }

    /// <summary>Why, by language tag.</summary>
    [Id(7)]
    public ImmutableSortedDictionary<string, string> ReasonLocalized { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>What the caller must also do when it acts.</summary>
    [Id(8)]
    public ImmutableArray<Obligation> Obligations { get; init; } = [];

    /// <summary>What policies in shadow would make of it. Null: none applies to the agent, or no policy was asked.</summary>
    // Here and not beside the decision: whoever has no policy in shadow pays nothing for it, in memory neither.
    [Id(9)]
    public ShadowAnswer? Shadow { get; init; }

    /// <summary>Whether policies permitted, also where something that is no policy denied after them.</summary>
    public bool PoliciesPermit => Allowed || !ReasonCodes.IsOfPolicies(ReasonCode);

    /// <summary>The same decision by something that overrules the policies: what was said in shadow stands beside it.</summary>
    /// <param name="policies">What the policies decided.</param>
    public Decision Overruling(Decision policies)
    {
        ArgumentNullException.ThrowIfNull(policies);
        return policies.Shadow is { } shadow ? this with { Shadow = shadow } : this;
    }
}

/// <summary>One evaluation: what it came to, and how far it had to look.</summary>
/// <param name="Decision">What was decided.</param>
/// <param name="EvaluatedRules">How many rules were looked at, the deciding one included.</param>
/// <param name="Steps">What matching cost, see <see cref="Limits.DecisionMaxSteps"/>.</param>
public readonly record struct Evaluation(Decision Decision, int EvaluatedRules, long Steps = 0);
