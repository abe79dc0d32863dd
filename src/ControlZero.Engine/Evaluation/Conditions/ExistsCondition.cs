using ControlZero.Engine.Context;

namespace ControlZero.Engine.Evaluation.Conditions;

/// <summary><c>exists</c>: the key holds a value, or holds none. An explicit null is none.</summary>
internal sealed class ExistsCondition(FactSource source, bool expected) : CompiledCondition
{
    /// <inheritdoc/>
    public override ConditionOutcome Test(in EvaluationRequest request, ref long steps)
    {
        var fact = source.Read(in request);
        return fact.State == FactState.Contradictory
            ? ConditionOutcome.Error
            : Outcome((fact.State == FactState.Known && fact.Kind != ContextKind.Null) == expected);
    }
}

/// <summary>A condition whose answer is known beforehand: <c>exists</c> on the server's clock, which always holds a value.</summary>
internal sealed class ConstantCondition(bool holds) : CompiledCondition
{
    /// <inheritdoc/>
    public override ConditionOutcome Test(in EvaluationRequest request, ref long steps) => Outcome(holds);
}
