namespace ControlZero.Engine.Evaluation.Conditions;

/// <summary>What a condition says of a request.</summary>
internal enum ConditionOutcome
{
    /// <summary>It does not hold.</summary>
    False,

    /// <summary>It holds.</summary>
    True,

    /// <summary>It met a value of a type it cannot be asked of.</summary>
    Error,
}

/// <summary>One condition, ready to be asked.</summary>
internal abstract class CompiledCondition
{
    /// <summary>Whether the condition holds of the request.</summary>
    public abstract ConditionOutcome Test(in EvaluationRequest request, ref long steps);

    /// <summary>The outcome for a truth value.</summary>
    protected static ConditionOutcome Outcome(bool holds) => holds ? ConditionOutcome.True : ConditionOutcome.False;
}
