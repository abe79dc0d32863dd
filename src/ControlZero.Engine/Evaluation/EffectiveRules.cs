using System.Collections.Immutable;
using ControlZero.Engine.Matching;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Evaluation;

/// <summary>
/// The rules that decide for an agent, in the order they are tried: the first that matches decides, whatever its effect. Immutable, and
/// safe for use by several threads.
/// </summary>
public sealed class EffectiveRules
{
    /// <summary>From this number of rules on, an index finds those worth trying. Unit: rules. Below it, trying all of them is as fast.</summary>
    internal const int IndexFrom = 12;

    // Room for the forms of every action the front door lets pass. Unit: characters.
    private const int StackBufferLength = (Limits.ActionMaxBytes * 2) + 2;

    private readonly CompiledRule[] _rules;
    private readonly RuleIndex? _index;
    private readonly Decision _noRuleMatch;
    private readonly bool _isEmpty;

    private EffectiveRules(CompiledPolicy[] policies, Effect defaultOnEmpty, int indexFrom, EffectiveRules? shadow)
    {
        Shadow = shadow;
        _isEmpty = policies.Length == 0;
        _rules = [.. policies.SelectMany(policy => policy.Rules)];
        QuotaLimits = [.. policies.SelectMany(policy => policy.Document.Limits)];
        _index = _rules.Length >= indexFrom ? new RuleIndex(_rules) : null;
        _noRuleMatch = _isEmpty
            ? DefaultDecisions.NoActivePolicies(defaultOnEmpty)
            : DefaultDecisions.NoRuleMatch(DefaultDecisions.Strictest(policies.Select(policy => policy.Document.DefaultAction)));
    }

    /// <summary>What would decide if the policies in shadow were in force beside the others. Null: none applies to the agent.</summary>
    public EffectiveRules? Shadow { get; }

    /// <summary>
    /// The limits of the policies that apply to the agent, in the order of the policies: every one that <see cref="QuotaLimit.Applies"/> to an
    /// allowed request must have room for it. Empty: nothing is counted.
    /// </summary>
    public ImmutableArray<QuotaLimit> QuotaLimits { get; }

    /// <summary>The resources that rules name exactly, sorted.</summary>
    public ImmutableArray<string> ExactResources =>
    [
        .. _rules
            .Where(rule => rule.Resources is not null)
            .SelectMany(rule => rule.Resources!.Globs.ToArray())
            .Where(glob => glob.IsLiteral)
            .Select(glob => glob.LiteralPrefix)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The rules of policies that apply to one agent.</summary>
    /// <param name="policies">The policies, those in shadow among them, in the order in which they are evaluated.</param>
    /// <param name="defaultOnEmpty">What happens when none of them is in force.</param>
    /// <param name="indexFrom">From this number of rules on, they are indexed.</param>
    internal static EffectiveRules Of(CompiledPolicy[] policies, Effect defaultOnEmpty, int indexFrom)
    {
        var enforced = Array.FindAll(policies, policy => policy.Document.Mode == PolicyMode.Enforce);
        var shadow = enforced.Length < policies.Length ? new EffectiveRules(policies, defaultOnEmpty, indexFrom, null) : null;
        return new EffectiveRules(enforced, defaultOnEmpty, indexFrom, shadow);
    }

    /// <summary>
    /// Decides a request. Takes no locks, reads no clock and allocates nothing for an action within <see cref="Limits.ActionMaxBytes"/>.
    /// </summary>
    public Evaluation Evaluate(in EvaluationRequest request)
    {
        var length = ActionForms.BufferLength(request.Action);
        var steps = Limits.DecisionMaxSteps;
        var query = new Query(in request, length <= StackBufferLength ? stackalloc char[length] : new char[length], ref steps);
        var evaluation = _index is null ? TryAll(in query) : TryIndexed(_index, in query);
        return steps < 0
            ? new Evaluation(DefaultDecisions.EvaluationLimit, evaluation.EvaluatedRules, Limits.DecisionMaxSteps)
            : evaluation with { Steps = Limits.DecisionMaxSteps - steps };
    }

    /// <summary>
    /// Decides a request and says how the rules fared that were looked at, up to <see cref="Limits.ExplainMaxTrials"/> and the one that decided.
    /// The decision is that of <see cref="Evaluate"/>.
    /// </summary>
    public Explanation Explain(in EvaluationRequest request)
    {
        var trials = new TrialList();
        var evaluation = Explain(in request, trials);
        return new Explanation(evaluation, trials.ToImmutable(), trials.IsTruncated);
    }

    /// <summary>The same for one candidate of several: their trials share one list, and what listing may cost.</summary>
    internal Evaluation Explain(in EvaluationRequest request, TrialList trials)
    {
        var evaluation = Evaluate(in request);
        var query = new Query(in request, new char[ActionForms.BufferLength(request.Action)], ref trials.Steps);
        var deciding = evaluation.Decision.RuleIndex is null ? _rules.Length : evaluation.EvaluatedRules - 1;
        for (var i = 0; i < Math.Min(deciding, _rules.Length); i++)
        {
            if (!trials.HasRoom)
            {
                trials.IsTruncated = true;
                break;
            }

            // Over its steps nothing matches, so what the trial came to means nothing: the next round ends the list.
            var trial = _rules[i].Try(in query);
            if (trials.Steps >= 0)
            {
                trials.Add(TrialText.Describe(_rules[i], in trial, in request));
            }
            else
            {
                trials.IsTruncated = true;
            }
        }

        if (deciding < _rules.Length)
        {
            // It decided within what one decision may cost, whatever listing the others has used up.
            trials.Steps = Math.Max(trials.Steps, Limits.DecisionMaxSteps);
            var decided = _rules[deciding].Try(in query);
            trials.Add(TrialText.Describe(_rules[deciding], in decided, in request));
        }

        return evaluation;
    }

    private Evaluation TryAll(in Query query)
    {
        for (var i = 0; i < _rules.Length; i++)
        {
            if (_rules[i].Try(in query).Decision is { } decision)
            {
                return new Evaluation(decision, i + 1);
            }
        }

        return NoMatch(in query);
    }

    private Evaluation TryIndexed(RuleIndex index, in Query query)
    {
        var first = index.FindDeciding(in query, out var decision);
        return decision is null ? NoMatch(in query) : new Evaluation(decision, first + 1);
    }

    private Evaluation NoMatch(in Query query)
    {
        var skipped = !_isEmpty && _noRuleMatch.Effect == Effect.Deny && AnySkipsAtResource(in query);
        return new Evaluation(skipped ? DefaultDecisions.ResourceGateSkip : _noRuleMatch, _rules.Length);
    }

    private bool AnySkipsAtResource(in Query query)
    {
        if (_index is not null)
        {
            return _index.AnySkipsAtResource(in query);
        }

        foreach (var rule in _rules)
        {
            if (rule.SkipsAtResource(in query))
            {
                return true;
            }
        }

        return false;
    }
}
