using System.Globalization;
using ControlZero.Engine.Context;
using ControlZero.Engine.Matching;
using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Evaluation.Conditions;

/// <summary>Makes the conditions of a checked document ready to be asked.</summary>
internal static class ConditionCompiler
{
    /// <summary>One condition, ready to be asked.</summary>
    public static CompiledCondition Compile(Condition condition) =>
        condition.Key == ConditionKey.RequestTime ? OnTime(condition) : OnValue(condition, FactSource.For(condition.Key));

    private static CompiledCondition OnTime(Condition condition) => condition.Operator switch
    {
        ConditionOperator.Exists => new ConstantCondition(condition.Expected),
        ConditionOperator.Schedule => new ScheduleCondition(condition.Schedule!),
        ConditionOperator.Greater => new InstantCondition(Instant(condition, inclusive: false), Bound<DateTimeOffset>.None),
        ConditionOperator.GreaterOrEqual => new InstantCondition(Instant(condition, inclusive: true), Bound<DateTimeOffset>.None),
        ConditionOperator.Less => new InstantCondition(Bound<DateTimeOffset>.None, Instant(condition, inclusive: false)),
        ConditionOperator.LessOrEqual => new InstantCondition(Bound<DateTimeOffset>.None, Instant(condition, inclusive: true)),
        _ => throw Unchecked(condition),
    };

    private static CompiledCondition OnValue(Condition condition, FactSource source) => condition.Operator switch
    {
        ConditionOperator.Glob => new PatternCondition(source, negated: false, Patterns(condition)),
        ConditionOperator.Not => new PatternCondition(source, negated: true, Patterns(condition)),
        ConditionOperator.Equal or ConditionOperator.In => new EqualityCondition(source, negated: false, condition.Operands),
        ConditionOperator.NotIn => new EqualityCondition(source, negated: true, condition.Operands),
        ConditionOperator.Greater => new NumberCondition(source, Number(condition, 0, inclusive: false), Bound<double>.None),
        ConditionOperator.GreaterOrEqual => new NumberCondition(source, Number(condition, 0, inclusive: true), Bound<double>.None),
        ConditionOperator.Less => new NumberCondition(source, Bound<double>.None, Number(condition, 0, inclusive: false)),
        ConditionOperator.LessOrEqual => new NumberCondition(source, Bound<double>.None, Number(condition, 0, inclusive: true)),
        ConditionOperator.Between => new NumberCondition(source, Number(condition, 0, inclusive: true), Number(condition, 1, inclusive: true)),
        ConditionOperator.Cidr => new NetworkCondition(source, Texts(condition)),
        ConditionOperator.Exists => new ExistsCondition(source, condition.Expected),
        _ => throw Unchecked(condition),
    };

    private static PatternSet Patterns(Condition condition) => PatternSet.OfTexts(Texts(condition));

    private static string[] Texts(Condition condition)
    {
        var texts = new string[condition.Operands.Length];
        for (var i = 0; i < texts.Length; i++)
        {
            texts[i] = condition.Operands[i].AsText()!;
        }

        return texts;
    }

    private static Bound<double> Number(Condition condition, int operand, bool inclusive) => condition.Operands[operand].Kind == ContextKind.Number
        ? new Bound<double>(condition.Operands[operand].Number, inclusive)
        : throw Unchecked(condition);

    private static Bound<DateTimeOffset> Instant(Condition condition, bool inclusive) =>
        new(DateTimeOffset.Parse(condition.Operands[0].AsText()!, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal), inclusive);

    private static ArgumentException Unchecked(Condition condition) =>
        new($"the condition on `{condition.Key}` with operator {condition.Operator} was never checked");
}
