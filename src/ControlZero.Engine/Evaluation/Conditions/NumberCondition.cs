using ControlZero.Engine.Context;

namespace ControlZero.Engine.Evaluation.Conditions;

/// <summary>
/// <c>gt</c>, <c>gte</c>, <c>lt</c>, <c>lte</c> and <c>between</c>: a number between two bounds. Anything but a number is an error, a list
/// and a text that spells a number included; not a number lies between no bounds.
/// </summary>
internal sealed class NumberCondition(FactSource source, Bound<double> lower, Bound<double> upper) : CompiledCondition
{
    /// <inheritdoc/>
    public override ConditionOutcome Test(in EvaluationRequest request, ref long steps)
    {
        var fact = source.Read(in request);
        if (fact.State == FactState.Missing)
        {
            return ConditionOutcome.False;
        }

        if (fact.State == FactState.Contradictory || fact.Kind != ContextKind.Number)
        {
            return ConditionOutcome.Error;
        }

        return Outcome(!double.IsNaN(fact.Number) && lower.AllowsAbove(fact.Number) && upper.AllowsBelow(fact.Number));
    }
}

/// <summary>One end of a range.</summary>
/// <param name="Value">Where it lies. Null: there is none on this side.</param>
/// <param name="Inclusive">Whether the value itself belongs to the range.</param>
internal readonly record struct Bound<T>(T? Value, bool Inclusive)
    where T : struct, IComparable<T>
{
    /// <summary>No end on this side.</summary>
    public static Bound<T> None => default;

    /// <summary>True when a lower end leaves this in.</summary>
    public bool AllowsAbove(T candidate) => Value is not { } value || IsWithin(candidate.CompareTo(value));

    /// <summary>True when an upper end leaves this in.</summary>
    public bool AllowsBelow(T candidate) => Value is not { } value || IsWithin(value.CompareTo(candidate));

    private bool IsWithin(int distance) => distance > 0 || (distance == 0 && Inclusive);
}
