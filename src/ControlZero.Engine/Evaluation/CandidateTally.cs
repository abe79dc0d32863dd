using System.Collections.Immutable;
using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Evaluation;

/// <summary>Collects what the candidates of one question came to.</summary>
internal sealed class CandidateTally
{
    private readonly List<Decision> _allows = [];
    private Decision? _denial;
    private string? _deniedResource;
    private int _evaluatedRules;
    private long _steps;

    /// <summary>What they came to so far. At least one was added.</summary>
    public CandidateOutcome Outcome => new(new Evaluation(_denial ?? Allow(), _evaluatedRules, _steps), _deniedResource);

    /// <summary>Adds a candidate's evaluation. True: it was denied, and the others do not matter.</summary>
    public bool Add(string resource, Evaluation evaluation)
    {
        _evaluatedRules += evaluation.EvaluatedRules;
        _steps += evaluation.Steps;

        // All candidates are one decision, and share what one may cost.
        var decision = _steps > Limits.DecisionMaxSteps ? DefaultDecisions.EvaluationLimit : evaluation.Decision;
        if (!decision.Allowed)
        {
            (_denial, _deniedResource) = (decision, resource);
            return true;
        }

        // Decisions are shared by what they decide: candidates under one rule bring one.
        if (!_allows.Exists(known => ReferenceEquals(known, decision)))
        {
            _allows.Add(decision);
        }

        return false;
    }

    private Decision Allow()
    {
        var strictest = _allows.MaxBy(decision => Strictness(decision.Effect))!;
        if (_allows.TrueForAll(decision => ReferenceEquals(decision, strictest) || decision.Obligations.IsEmpty))
        {
            return strictest;
        }

        // Each rule's obligations are within what an answer may carry; those of sixty candidates need not be. None may be dropped.
        ImmutableArray<Obligation> obligations = [.. _allows.SelectMany(decision => decision.Obligations).Distinct()];
        return AnswerSize.Of(obligations).IsAllowed ? strictest with { Obligations = obligations } : DefaultDecisions.EvaluationLimit;
    }

    private static int Strictness(Effect effect) => effect switch
    {
        Effect.Allow => 1,
        Effect.Audit => 2,
        Effect.Warn => 3,
        _ => 4,
    };
}
