using System.Collections.Immutable;

namespace ControlZero.Engine.Evaluation;

/// <summary>
/// The trials that an explanation shows. A tenant has room for tens of thousands of rules and a question for dozens of candidates, so there
/// is an end to how many are put into words; what decided is always shown.
/// </summary>
internal sealed class TrialList
{
    private readonly ImmutableArray<RuleTrial>.Builder _trials = ImmutableArray.CreateBuilder<RuleTrial>();
    private int _length;

    /// <summary>What trying rules may still cost for this explanation, see <see cref="Limits.DecisionMaxSteps"/>.</summary>
    public long Steps = Limits.DecisionMaxSteps;

    /// <summary>False: only what decides is added any more.</summary>
    public bool HasRoom => Steps >= 0 && _trials.Count < Limits.ExplainMaxTrials && _length < Limits.ExplainMaxLength;

    /// <summary>True when trials were left out.</summary>
    public bool IsTruncated { get; set; }

    /// <summary>Adds how a rule fared.</summary>
    public void Add(RuleTrial trial)
    {
        _trials.Add(trial);
        _length += trial.Policy.Length + trial.RuleId.Length + trial.Detail.Length + (trial.Resource?.Length ?? 0);
    }

    /// <summary>The trials, in order.</summary>
    public ImmutableArray<RuleTrial> ToImmutable() => _trials.ToImmutable();
}
