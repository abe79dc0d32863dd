using System.Collections.Immutable;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Replay;

/// <summary>
/// Policies held against past requests, of which not every fact is known. Each is decided by the evaluator twice, as strictly and as mildly as
/// the unknown facts may have been: where both come to the same, so did whatever they were. Safe for use by several threads.
/// </summary>
public sealed class PastPolicies
{
    private readonly PolicySet _strict;
    private readonly PolicySet _mild;

    private PastPolicies(PolicySet strict, PolicySet mild, UnknownFacts missing)
    {
        (_strict, _mild, Missing) = (strict, mild, missing);
    }

    /// <summary>Of the unknown facts, those that some rule asks for.</summary>
    public UnknownFacts Missing { get; }

    /// <summary>Makes them ready.</summary>
    /// <param name="policies">The documents and their versions, in the order in which they were first published. Those in shadow take no part.</param>
    /// <param name="defaultOnEmpty">What happens to an agent to whom none applies: deny, warn or allow.</param>
    /// <param name="unknown">What is not known of the requests.</param>
    public static PastPolicies Create(IReadOnlyList<(PolicyDocument Document, long Version)> policies, Effect defaultOnEmpty, UnknownFacts unknown)
    {
        ArgumentNullException.ThrowIfNull(policies);

        policies = [.. policies.Where(policy => policy.Document.Enabled && policy.Document.Mode == PolicyMode.Enforce)];
        var missing = unknown & policies.Aggregate(UnknownFacts.None, (asked, policy) => asked | Surmise.AskedBy(policy.Document));
        var strict = Compile(strictly: true);
        return new PastPolicies(strict, missing == UnknownFacts.None ? strict : Compile(strictly: false), missing);

        PolicySet Compile(bool strictly) => PolicySet.Create(
            policies.Select(policy => CompiledPolicy.Compile(Surmise.Of(policy.Document, unknown, strictly), policy.Version)), defaultOnEmpty);
    }

    /// <summary>Decides a past request.</summary>
    /// <param name="request">What is known of it.</param>
    /// <param name="candidates">Its candidates after the resource.</param>
    public PastDecision Decide(in EvaluationRequest request, ImmutableArray<string> candidates)
    {
        var strictest = _strict.For(request.AgentId).EvaluateAll(in request, candidates).Evaluation;
        if (ReferenceEquals(_strict, _mild))
        {
            return new PastDecision(strictest.Decision, strictest.Decision, strictest.Steps);
        }

        var mildest = _mild.For(request.AgentId).EvaluateAll(in request, candidates).Evaluation;
        return new PastDecision(strictest.Decision, mildest.Decision, strictest.Steps + mildest.Steps);
    }
}

/// <summary>What a past request comes to.</summary>
/// <param name="Strictest">A deny, if it can come to one.</param>
/// <param name="Mildest">An allow, if it can come to one.</param>
/// <param name="Steps">What matching cost, see <see cref="Limits.DecisionMaxSteps"/>.</param>
public readonly record struct PastDecision(Decision Strictest, Decision Mildest, long Steps)
{
    /// <summary>True: it is allowed, or denied, whatever the unknown facts were. Which rule does it may still hang on them.</summary>
    // Matching that was given up says nothing of a request whose unknown conditions would have cost something else.
    public bool IsCertain => ReferenceEquals(Strictest, Mildest)
        || (Strictest.Allowed == Mildest.Allowed && !IsGivenUp(Strictest) && !IsGivenUp(Mildest));

    /// <summary>The decision, when it is certain and one rule makes it whatever the unknown facts were. Null: it is not.</summary>
    // A rule that asks for what is unknown decides on one side only, so one that decides on both has none of those before it.
    public Decision? Decision => IsCertain && RuleOf(Strictest) == RuleOf(Mildest) ? Strictest : null;

    private static (string Policy, string Rule, int? Index) RuleOf(Decision decision) => (decision.Policy, decision.RuleId, decision.RuleIndex);

    private static bool IsGivenUp(Decision decision) => decision.ReasonCode == ReasonCodes.EvaluationLimit;
}
