using System.Collections.Immutable;
using ControlZero.Engine.Context;

namespace ControlZero.Engine.Evaluation.Conditions;

/// <summary><c>eq</c>, <c>in</c> and, negated, <c>not_in</c>: two numbers are equal as numbers, everything else by its text.</summary>
internal sealed class EqualityCondition(FactSource source, bool negated, ImmutableArray<ContextValue> operands) : ScalarCondition(source, negated)
{
    private readonly (string Text, double? Number)[] _operands = Read(operands);

    /// <inheritdoc/>
    protected override ConditionOutcome TestScalar(in Fact scalar, ref long steps)
    {
        if ((steps -= _operands.Length) < 0)
        {
            return ConditionOutcome.False;
        }

        Span<char> buffer = stackalloc char[Fact.NumberMaxLength];
        var text = scalar.AsText(buffer);
        foreach (var operand in _operands)
        {
            var equal = operand.Number is { } number && scalar.Kind == ContextKind.Number
                ? number == scalar.Number
                : text.SequenceEqual(operand.Text);
            if (equal)
            {
                return ConditionOutcome.True;
            }
        }

        return ConditionOutcome.False;
    }

    private static (string Text, double? Number)[] Read(ImmutableArray<ContextValue> operands)
    {
        var read = new (string Text, double? Number)[operands.Length];
        for (var i = 0; i < read.Length; i++)
        {
            read[i] = (operands[i].AsText()!, operands[i].Kind == ContextKind.Number ? operands[i].Number : null);
        }

        return read;
    }
}
