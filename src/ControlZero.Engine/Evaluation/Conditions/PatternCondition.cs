using ControlZero.Engine.Matching;

namespace ControlZero.Engine.Evaluation.Conditions;

/// <summary><c>glob</c> and, negated, <c>not</c>: one of the patterns matches the value's text.</summary>
internal sealed class PatternCondition(FactSource source, bool negated, PatternSet patterns) : ScalarCondition(source, negated)
{
    /// <inheritdoc/>
    protected override ConditionOutcome TestScalar(in Fact scalar, ref long steps)
    {
        Span<char> buffer = stackalloc char[Fact.NumberMaxLength];
        return Outcome(patterns.Matches(scalar.AsText(buffer), ref steps));
    }
}
