using System.Collections.Frozen;
using System.Collections.Immutable;
using ControlZero.Engine.Context;
using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Documents;

namespace ControlZero.Engine.Policies;

/// <summary>Reads the conditions of a rule.</summary>
internal sealed class ConditionBinder(FindingList findings)
{
    private static readonly FrozenDictionary<string, string> Shown = PolicySchema.OperatorKeys.ToFrozenDictionary(word => word, word => $"`{word}`");

    private readonly FieldReader _fields = new(findings);
    private readonly OperandReader _operands = new(findings);
    private readonly TimeConditionBinder _time = new(findings);

    /// <summary>One record for each operator on each key, in the order they are written.</summary>
    public ImmutableArray<Condition> Bind(DocumentField conditions)
    {
        if (conditions.Value.Kind != NodeKind.Object)
        {
            _fields.WrongType(conditions.Value, $"`{conditions.Name}` must be an object of conditions by key",
                "write `key: value` lines, or leave it out");
            return [];
        }

        var bound = ImmutableArray.CreateBuilder<Condition>(conditions.Value.Fields.Count);
        foreach (var field in conditions.Value.Fields)
        {
            if (ConditionKey.Check(field, findings))
            {
                BindKey(field, bound);
            }
        }

        return bound.DrainToImmutable();
    }

    private void BindKey(DocumentField field, ImmutableArray<Condition>.Builder bound)
    {
        var (key, node) = (field.Name, field.Value);
        if (node.Kind == NodeKind.Object && node.Fields.Count == 0)
        {
            findings.Error(node, DiagnosticCodes.OperandInvalid, $"the condition on {Quoted.Text(key)} names no operator",
                "give it one, or remove the condition");
        }
        else if (key == ConditionKey.RequestTime)
        {
            bound.AddRange(_time.Bind(node));
        }
        else if (node.Kind == NodeKind.Text && PatternReader.IsGood(node.Text))
        {
            // What nearly every condition is: one good pattern. Nothing needs to be said of it, so nothing is put into words.
            bound.Add(new Condition(key, ConditionOperator.Glob, [ContextValue.Of(node.Text)]));
        }
        else if (node.Kind == NodeKind.Object)
        {
            foreach (var operation in node.Fields)
            {
                if (BindOperator(key, operation) is { } condition)
                {
                    bound.Add(condition);
                }
            }
        }
        else if (Operands(key, ConditionOperator.Glob, _operands.Globs(node, $"the condition on {Quoted.Text(key)}")) is { } single)
        {
            bound.Add(single);
        }
    }

    private Condition? BindOperator(string key, DocumentField operation)
    {
        var (word, node) = (operation.Name, operation.Value);
        var what = Shown.GetValueOrDefault(word) ?? Quoted.Text(word);
        switch (word)
        {
            case "glob":
                return Operands(key, ConditionOperator.Glob, _operands.Globs(node, what));
            case "not":
                return Operands(key, ConditionOperator.Not, _operands.Globs(node, what));
            case "eq":
                return Operands(key, ConditionOperator.Equal, _operands.One(node, what));
            case "in":
                return Operands(key, ConditionOperator.In, _operands.Scalars(node, what));
            case "not_in":
                return Operands(key, ConditionOperator.NotIn, _operands.Scalars(node, what));
            case "gt" or "gte" or "lt" or "lte":
                return Operands(key, ComparisonOf(word), _operands.Number(node, what));
            case "between":
                return Operands(key, ConditionOperator.Between, _operands.Range(node, what));
            case "cidr":
                return Operands(key, ConditionOperator.Cidr, _operands.Networks(node, what));
            case "exists":
                return _fields.Boolean(node, what) is { } expected ? new Condition(key, ConditionOperator.Exists, [], expected) : null;
            case "zone" or "weekdays":
                findings.Error(operation, DiagnosticCodes.OperandInvalid, $"{what} does not apply to {Quoted.Text(key)}",
                    "ask it of `request.time`");
                return null;
            default:
                findings.Error(operation, DiagnosticCodes.OperatorUnknown, $"there is no operator {Quoted.Text(word)}",
                    $"{NearestWord.Remedy(word, PolicySchema.OperatorKeys)}");
                return null;
        }
    }

    /// <summary>The comparison a word stands for.</summary>
    public static ConditionOperator ComparisonOf(string word) => word switch
    {
        "gt" => ConditionOperator.Greater,
        "gte" => ConditionOperator.GreaterOrEqual,
        "lt" => ConditionOperator.Less,
        "lte" => ConditionOperator.LessOrEqual,
        _ => ConditionOperator.Unspecified,
    };

    private static Condition? Operands(string key, ConditionOperator operation, ImmutableArray<ContextValue>? operands) =>
        operands is { } known ? new Condition(key, operation, known) : null;
}
