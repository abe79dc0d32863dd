using ControlZero.Engine.Context;
using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Evaluation.Conditions;
using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Evaluation;

/// <summary>Says in a sentence how a rule fared.</summary>
internal static class TrialText
{
    // A rule may have 64 patterns; the first few say enough.
    private const int ShownOperands = 5;

    /// <summary>The trial, for people.</summary>
    public static RuleTrial Describe(CompiledRule rule, in Trial trial, in EvaluationRequest request) => new(
        rule.Policy,
        rule.PolicyVersion,
        rule.RuleId,
        rule.Rule.Index,
        rule.Rule.Effect,
        trial.Outcome,
        Detail(rule, in trial, in request),
        request.Resource);

    private static string Detail(CompiledRule rule, in Trial trial, in EvaluationRequest request) => trial.Outcome switch
    {
        TrialOutcome.ActionDiffers => $"the action {Quoted.Text(request.Action)} matches none of {List(rule.Rule.Actions)}",
        TrialOutcome.ResourceDiffers => $"the resource {Quoted.Text(request.Resource)} matches none of {List(rule.Rule.Resources)}",
        TrialOutcome.ResourceAbsent when trial.Decision is null => $"the request names no resource; the rule asks for one of {List(rule.Rule.Resources)}",
        TrialOutcome.ResourceAbsent => $"the request names no resource; the rule denies some, {List(rule.Rule.Resources)}, and so denies a request that names none",
        TrialOutcome.ConditionFalse => $"{Condition(rule.Rule.Conditions[trial.Condition])} does not hold: {Value(rule.Rule.Conditions[trial.Condition].Key, in request)}",
        TrialOutcome.ConditionError =>
            $"{Condition(rule.Rule.Conditions[trial.Condition])} cannot be told: {Value(rule.Rule.Conditions[trial.Condition].Key, in request)}, the wrong type for it; "
            + (trial.Decision is null ? "a rule that permits does not match then" : "a rule that denies matches then"),
        _ => Matched(rule, in request),
    };

    private static string Matched(CompiledRule rule, in EvaluationRequest request)
    {
        var resource = rule.Resources is null ? "any resource will do" : $"the resource {Quoted.Text(request.Resource)} matches one of {List(rule.Rule.Resources)}";
        var conditions = rule.Rule.Conditions.Length switch
        {
            0 => "there are no conditions",
            1 => "its condition holds",
            var count => $"its {count} conditions hold",
        };
        return $"the action {Quoted.Text(request.Action)} matches one of {List(rule.Rule.Actions)}, {resource}, {conditions}";
    }

    private static string Condition(Condition condition)
    {
        var operands = List([.. condition.Operands.Select(operand => operand.AsText() ?? "null")]);
        var asked = condition.Operator switch
        {
            ConditionOperator.Glob => $"is like one of {operands}",
            ConditionOperator.Not => $"is like none of {operands}",
            ConditionOperator.Equal => $"equals {operands}",
            ConditionOperator.In => $"is one of {operands}",
            ConditionOperator.NotIn => $"is none of {operands}",
            ConditionOperator.Greater => $"is greater than {operands}",
            ConditionOperator.GreaterOrEqual => $"is at least {operands}",
            ConditionOperator.Less => $"is less than {operands}",
            ConditionOperator.LessOrEqual => $"is at most {operands}",
            ConditionOperator.Between => $"lies between {operands}",
            ConditionOperator.Cidr => $"is an address within {operands}",
            ConditionOperator.Schedule => Span(condition.Schedule!),
            _ => condition.Expected ? "exists" : "does not exist",
        };
        return $"the condition that {Quoted.Text(condition.Key)} {asked}";
    }

    private static string Span(Schedule schedule)
    {
        var days = schedule.Weekdays.IsEmpty ? "any day" : string.Join(", ", schedule.Weekdays);
        return schedule is { From: { } from, To: { } to }
            ? $"lies from `{from:HH:mm:ss}` to before `{to:HH:mm:ss}` in `{schedule.Zone}` on {days}"
            : $"lies on {days} in `{schedule.Zone}`";
    }

    private static string Value(string key, in EvaluationRequest request)
    {
        if (key == ConditionKey.RequestTime)
        {
            return $"it is `{request.Now:yyyy-MM-dd'T'HH:mm:ss.FFFzzz}`";
        }

        var fact = FactSource.For(key).Read(in request);
        return fact.State switch
        {
            FactState.Missing => "the request has no such value",
            FactState.Contradictory => "the context holds two different values for it, one under the dotted name and one under the path",
            _ => fact.Kind switch
            {
                ContextKind.Null => "it is null",
                ContextKind.List => $"it is a list of {fact.Items.Length}",
                ContextKind.Object => "it is an object",
                ContextKind.Text => $"it is the text {Quoted.Text(fact.AsText([]))}",
                ContextKind.Number => $"it is the number {Quoted.Text(fact.AsText(new char[Fact.NumberMaxLength]))}",
                _ => $"it is {fact.AsText([])}",
            },
        };
    }

    private static string List(IReadOnlyCollection<string> texts)
    {
        var shown = string.Join(", ", texts.Take(ShownOperands).Select(text => Quoted.Text(text)));
        return texts.Count > ShownOperands ? $"{shown} and {texts.Count - ShownOperands} more" : shown;
    }
}
