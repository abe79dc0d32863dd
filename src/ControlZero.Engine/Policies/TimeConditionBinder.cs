using System.Globalization;
using ControlZero.Engine.Context;
using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Documents;

namespace ControlZero.Engine.Policies;

/// <summary>Reads conditions on <c>request.time</c>: instants to compare with, and times of day and days of the week in a zone.</summary>
internal sealed class TimeConditionBinder(FindingList findings)
{
    private const string Remedy = "ask `gt`, `gte`, `lt` or `lte` of an instant, or `between`, `weekdays` and `zone` of the time of day";

    private static readonly string[] InstantFormats = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz"];

    private readonly FieldReader _fields = new(findings);
    private readonly ScheduleBinder _schedules = new(findings);

    /// <summary>One record for each comparison, and one for the schedule.</summary>
    public IEnumerable<Condition> Bind(DocumentNode node)
    {
        if (node.Kind != NodeKind.Object)
        {
            if (node.Kind != NodeKind.Invalid)
            {
                findings.Error(node, DiagnosticCodes.OperandInvalid, "`request.time` is no text to match", Remedy);
            }

            return [];
        }

        var conditions = new List<Condition>();
        foreach (var operation in node.Fields)
        {
            if (BindOperator(operation) is { } condition)
            {
                conditions.Add(condition);
            }
        }

        if (_schedules.Bind(node) is { } schedule)
        {
            conditions.Add(new Condition(ConditionKey.RequestTime, ConditionOperator.Schedule, [], Schedule: schedule));
        }

        return conditions;
    }

    private Condition? BindOperator(DocumentField operation)
    {
        var (word, value) = (operation.Name, operation.Value);
        switch (word)
        {
            case "gt" or "gte" or "lt" or "lte":
                return Instant(value, $"`{word}`") is { } instant
                    ? new Condition(ConditionKey.RequestTime, ConditionBinder.ComparisonOf(word), [instant])
                    : null;
            case "exists":
                return _fields.Boolean(value, "`exists`") is { } expected
                    ? new Condition(ConditionKey.RequestTime, ConditionOperator.Exists, [], expected)
                    : null;
            case "between" or "zone" or "weekdays":
                return null;
            case "eq" or "not" or "in" or "not_in" or "glob" or "cidr":
                findings.Error(operation, DiagnosticCodes.OperandInvalid, $"`{word}` makes no sense of `request.time`", Remedy);
                return null;
            default:
                findings.Error(operation, DiagnosticCodes.OperatorUnknown, $"there is no operator {Quoted.Text(word)}",
                    $"{NearestWord.Remedy(word, PolicySchema.TimeKeys)}");
                return null;
        }
    }

    private ContextValue? Instant(DocumentNode node, string what)
    {
        if (node.Kind == NodeKind.Text && IsInstant(node.Text))
        {
            return ContextValue.Of(node.Text);
        }

        if (node.Kind != NodeKind.Invalid)
        {
            findings.Error(node, DiagnosticCodes.OperandInvalid, $"{what} takes an instant with its offset from UTC",
                "write one like \"2026-01-31T09:00:00Z\" or \"2026-01-31T09:00:00+01:00\"");
        }

        return null;
    }

    private static bool IsInstant(string text) =>
        DateTimeOffset.TryParseExact(text, InstantFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _);
}
