using ControlZero.Engine.Evaluation.Conditions;
using ControlZero.Engine.Matching;
using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Evaluation;

/// <summary>One rule, ready to be held against requests. Evaluating and explaining use the same <see cref="Try"/>.</summary>
internal sealed class CompiledRule
{
    // Looking a key up in a context of the most entries.
    private const int ConditionSteps = Limits.ContextMaxEntries;

    private readonly CompiledCondition[] _conditions;
    private readonly Decision _matched;
    private readonly Decision? _resourceRequired;
    private readonly Decision? _conditionError;

    /// <summary>Compiles a rule of a checked document.</summary>
    public CompiledRule(PolicyRule rule, string policy, long version)
    {
        Rule = rule;
        Policy = policy;
        PolicyVersion = version;
        RuleId = rule.ReportedId;
        Denies = rule.Effect == Effect.Deny;
        Actions = PatternSet.OfActions(rule.Actions, ignoringAsciiCase: Denies);
        Resources = rule.Resources.IsEmpty || rule.Resources.Contains("*") ? null : PatternSet.OfTexts(rule.Resources.AsSpan(), ignoringAsciiCase: Denies);
        _conditions = new CompiledCondition[rule.Conditions.Length];
        for (var i = 0; i < _conditions.Length; i++)
        {
            _conditions[i] = ConditionCompiler.Compile(rule.Conditions[i]);
        }

        var decisions = new RuleDecisions(this);
        _matched = decisions.Matched();
        _resourceRequired = Denies && Resources is not null ? decisions.ResourceRequired() : null;
        _conditionError = Denies && _conditions.Length > 0 ? decisions.ConditionError() : null;
    }

    /// <summary>The rule as written.</summary>
    public PolicyRule Rule { get; }

    /// <summary>Name of its policy.</summary>
    public string Policy { get; }

    /// <summary>Version of its policy.</summary>
    public long PolicyVersion { get; }

    /// <summary>The id that is reported.</summary>
    public string RuleId { get; }

    /// <summary>True when the rule denies: then the case of ASCII letters does not count, and what cannot be told speaks against the request.</summary>
    public bool Denies { get; }

    /// <summary>Its patterns over actions.</summary>
    public PatternSet Actions { get; }

    /// <summary>Its patterns over resources. Null: the rule asks for none.</summary>
    public PatternSet? Resources { get; }

    /// <summary>True when the rule could decide a request that names no resource.</summary>
    public bool TakesAbsentResource => Resources is null || Denies;

    /// <summary>Holds the rule against a request: action, resource, conditions.</summary>
    public Trial Try(in Query query)
    {
        query.Steps--;
        if (!Actions.Matches(in query.Action, ref query.Steps))
        {
            return new Trial(TrialOutcome.ActionDiffers);
        }

        var resourceIsMissing = false;
        if (Resources is not null)
        {
            resourceIsMissing = !query.HasResource;
            if (resourceIsMissing ? !Denies : !Resources.Matches(query.Resource, ref query.Steps))
            {
                return new Trial(resourceIsMissing ? TrialOutcome.ResourceAbsent : TrialOutcome.ResourceDiffers);
            }
        }

        return TryConditions(in query.Request, resourceIsMissing, ref query.Steps);
    }

    /// <summary>True when the rule's action matches and it asks for a resource, but not for that of the request.</summary>
    public bool SkipsAtResource(in Query query) =>
        Resources is not null && Actions.Matches(in query.Action, ref query.Steps) && !(query.HasResource && Resources.Matches(query.Resource, ref query.Steps));

    // False wins over error: what cannot be told does not matter where the rule would not match anyway.
    private Trial TryConditions(in EvaluationRequest request, bool resourceIsMissing, ref long steps)
    {
        var error = -1;
        for (var i = 0; i < _conditions.Length; i++)
        {
            steps -= ConditionSteps;
            switch (_conditions[i].Test(in request, ref steps))
            {
                case ConditionOutcome.False:
                    return new Trial(TrialOutcome.ConditionFalse, Condition: i);
                case ConditionOutcome.Error when error < 0:
                    error = i;
                    break;
            }
        }

        if (error >= 0)
        {
            return new Trial(TrialOutcome.ConditionError, _conditionError, error);
        }

        return resourceIsMissing ? new Trial(TrialOutcome.ResourceAbsent, _resourceRequired) : new Trial(TrialOutcome.Matched, _matched);
    }
}

/// <summary>How a rule fared against a request.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="Decision">The decision, if the rule made one.</param>
/// <param name="Condition">Index of the condition that was false or could not be told, or -1.</param>
internal readonly record struct Trial(TrialOutcome Outcome, Decision? Decision = null, int Condition = -1);
