using System.Collections.Immutable;

namespace ControlZero.Engine.Evaluation;

/// <summary>
/// Several resources in one question (OpenRouter's <c>models: [...]</c>): each must be allowed. The first that is denied decides. Are all
/// allowed, the strictest effect does, and the obligations of all of them stand: nobody gets rid of one by naming another model first.
/// </summary>
public static class CandidateRules
{
    /// <summary>
    /// Decides a request by what is in force, and says beside it what policies in shadow would make of it, if any applies: of the whole question, so
    /// that it is allowed only if every candidate would be. Where none applies this is <see cref="EvaluateAll"/>, and costs as much.
    /// </summary>
    /// <param name="rules">The rules.</param>
    /// <param name="request">The request; its resource, if it has one, is the first candidate.</param>
    /// <param name="candidates">The candidates, none of them empty.</param>
    public static CandidateOutcome DecideAll(this EffectiveRules rules, in EvaluationRequest request, ImmutableArray<string> candidates)
    {
        var outcome = rules.EvaluateAll(in request, candidates);
        return rules.Shadow is null ? outcome : WithShadow(outcome, rules.Shadow, in request, candidates);
    }

    /// <summary>Decides a request by what is in force, for its resource and the candidates after it. Without candidates this is <see cref="EffectiveRules.Evaluate"/>.</summary>
    /// <param name="rules">The rules.</param>
    /// <param name="request">The request; its resource, if it has one, is the first candidate.</param>
    /// <param name="candidates">The candidates, none of them empty.</param>
    public static CandidateOutcome EvaluateAll(this EffectiveRules rules, in EvaluationRequest request, ImmutableArray<string> candidates)
    {
        ArgumentNullException.ThrowIfNull(rules);
        if (candidates.IsEmpty)
        {
            return new CandidateOutcome(rules.Evaluate(in request), null);
        }

        var tally = new CandidateTally();
        foreach (var resource in AllOf(request.Resource, candidates))
        {
            if (tally.Add(resource, rules.Evaluate(request with { Resource = resource })))
            {
                break;
            }
        }

        return tally.Outcome;
    }

    /// <summary>What <see cref="DecideAll"/> says with its reasons: the trials of each candidate in turn, up to the first that is denied.</summary>
    /// <param name="rules">The rules.</param>
    /// <param name="request">The request; its resource, if it has one, is the first candidate.</param>
    /// <param name="candidates">The candidates, none of them empty.</param>
    public static CandidateExplanation ExplainAll(this EffectiveRules rules, in EvaluationRequest request, ImmutableArray<string> candidates)
    {
        ArgumentNullException.ThrowIfNull(rules);
        if (candidates.IsEmpty)
        {
            var explanation = rules.Explain(in request);
            return new CandidateExplanation(
                WithShadow(new CandidateOutcome(explanation.Evaluation, null), rules.Shadow, in request, candidates), explanation.Trials, explanation.Truncated);
        }

        var tally = new CandidateTally();
        var trials = new TrialList();
        foreach (var resource in AllOf(request.Resource, candidates))
        {
            if (tally.Add(resource, rules.Explain(request with { Resource = resource }, trials)))
            {
                break;
            }
        }

        return new CandidateExplanation(WithShadow(tally.Outcome, rules.Shadow, in request, candidates), trials.ToImmutable(), trials.IsTruncated);
    }

    private static CandidateOutcome WithShadow(
        in CandidateOutcome outcome, EffectiveRules? shadow, in EvaluationRequest request, ImmutableArray<string> candidates)
    {
        if (shadow is null)
        {
            return outcome;
        }

        var (evaluation, _) = shadow.EvaluateAll(in request, candidates);
        return outcome with
        {
            Evaluation = outcome.Evaluation with
            {
                Decision = outcome.Evaluation.Decision with { Shadow = ShadowAnswer.Of(evaluation.Decision) },
                Steps = outcome.Evaluation.Steps + evaluation.Steps,
            },
        };
    }

    private static IEnumerable<string> AllOf(string? resource, ImmutableArray<string> candidates) =>
        string.IsNullOrEmpty(resource) ? candidates : candidates.Prepend(resource);
}

/// <summary>What several resources in one question came to.</summary>
/// <param name="Evaluation">The one decision, and how many of the rules in force were looked at for all of them.</param>
/// <param name="DeniedResource">The first candidate that was denied. Null: none was, or there were no candidates.</param>
public readonly record struct CandidateOutcome(Evaluation Evaluation, string? DeniedResource);

/// <summary>An outcome with its reasons.</summary>
/// <param name="Outcome">What it came to.</param>
/// <param name="Trials">The rules that were looked at, candidate by candidate.</param>
/// <param name="Truncated">True: some were left out; each candidate's deciding one was not.</param>
public readonly record struct CandidateExplanation(CandidateOutcome Outcome, ImmutableArray<RuleTrial> Trials, bool Truncated);
