using System.Collections.Immutable;
using ControlZero.Engine.Policies;
using Orleans;

namespace ControlZero.Engine.Evaluation;

/// <summary>An evaluation with its reasons.</summary>
/// <param name="Evaluation">What the evaluator says; the same as without an explanation.</param>
/// <param name="Trials">The rules that were looked at, in order.</param>
/// <param name="Truncated">True: some were left out between the first ones and the one that decided.</param>
public sealed record Explanation(Evaluation Evaluation, ImmutableArray<RuleTrial> Trials, bool Truncated);

/// <summary>How one rule fared.</summary>
/// <param name="Policy">Policy of the rule.</param>
/// <param name="PolicyVersion">Version of that policy.</param>
/// <param name="RuleId">The rule's reported id.</param>
/// <param name="RuleIndex">Position of the rule in its policy, from 0.</param>
/// <param name="Effect">The rule's effect.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Detail">Why, in a sentence that names the pattern or condition and the value it was held against.</param>
/// <param name="Resource">The resource it was held against. Null: the request names none.</param>
[GenerateSerializer, Immutable, Alias("cz.RuleTrial")]
public sealed record RuleTrial(
    [property: Id(0)] string Policy,
    [property: Id(1)] long PolicyVersion,
    [property: Id(2)] string RuleId,
    [property: Id(3)] int RuleIndex,
    [property: Id(4)] Effect Effect,
    [property: Id(5)] TrialOutcome Outcome,
    [property: Id(6)] string Detail,
    [property: Id(7)] string? Resource);

/// <summary>What became of a rule that was looked at.</summary>
public enum TrialOutcome
{
    /// <summary>Not stated.</summary>
    Unspecified = 0,

    /// <summary>The rule matched and decided.</summary>
    Matched = 1,

    /// <summary>No action pattern matched.</summary>
    ActionDiffers = 2,

    /// <summary>The action matched, no resource pattern did.</summary>
    ResourceDiffers = 3,

    /// <summary>The rule is scoped to resources and the request names none.</summary>
    ResourceAbsent = 4,

    /// <summary>A condition did not hold.</summary>
    ConditionFalse = 5,

    /// <summary>A condition met a value of the wrong type.</summary>
    ConditionError = 6,
}
