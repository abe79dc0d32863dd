using ControlZero.Engine.Context;

namespace ControlZero.Engine.Evaluation.Conditions;

/// <summary>
/// A condition that is asked of a scalar, or of the items of a list: any of them must satisfy it or, negated, none may. A missing key
/// satisfies neither. An object, a null and a list that holds one of these or another list are errors, wherever in the list they stand.
/// </summary>
internal abstract class ScalarCondition(FactSource source, bool negated) : CompiledCondition
{
    // Writing a number as text, so that it can be compared.
    private const int ItemSteps = 64;

    /// <inheritdoc/>
    public sealed override ConditionOutcome Test(in EvaluationRequest request, ref long steps)
    {
        var fact = source.Read(in request);
        if (fact.State == FactState.Missing)
        {
            return ConditionOutcome.False;
        }

        var found = fact.State == FactState.Contradictory ? ConditionOutcome.Error
            : fact.Kind == ContextKind.List ? TestItems(fact.Items, ref steps)
            : TestOne(in fact, ref steps);
        return found == ConditionOutcome.Error ? found : Outcome((found == ConditionOutcome.True) != negated);
    }

    /// <summary>Whether one scalar satisfies the condition, negation aside.</summary>
    protected abstract ConditionOutcome TestScalar(in Fact scalar, ref long steps);

    private ConditionOutcome TestOne(in Fact fact, ref long steps) => fact.IsScalar ? TestScalar(in fact, ref steps) : ConditionOutcome.Error;

    private ConditionOutcome TestItems(ReadOnlySpan<ContextValue> items, ref long steps)
    {
        var found = ConditionOutcome.False;
        foreach (var item in items)
        {
            steps -= ItemSteps;
            switch (TestOne(Fact.Of(item), ref steps))
            {
                case ConditionOutcome.Error:
                    return ConditionOutcome.Error;
                case ConditionOutcome.True:
                    found = ConditionOutcome.True;
                    break;
            }
        }

        return found;
    }
}
