using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using ControlZero.Engine.Context;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Quotas;

namespace ControlZero.Cli.Policies.Diff;

/// <summary>
/// What a policy and its parts say, field by field, in the words and units of a document and in one form whatever way it was written: lists of which any entry
/// does are sorted, and a field that says what its absence says is absent.
/// </summary>
internal static class PolicyFields
{
    private const decimal NanosOfADollar = 1_000_000_000m;
    private const decimal MicrosOfADollar = 1_000_000m;

    /// <summary>Of the policy itself, its rules and limits aside.</summary>
    public static SortedDictionary<string, JsonNode> Of(PolicyDocument policy) => Fields(
        ("agents", AnyOf(policy.Agents)),
        ("default_action", policy.DefaultAction.ToWord()),
        ("description", OrNull(policy.Description)),
        ("enabled", policy.Enabled),
        ("mode", policy.Mode == PolicyMode.Enforce ? null : policy.Mode.ToWord()),
        ("priority", policy.Priority));

    /// <summary>Of a rule, its place aside.</summary>
    public static SortedDictionary<string, JsonNode> Of(PolicyRule rule)
    {
        var fields = Content(rule);
        foreach (var (name, value) in Fields(("id", OrNull(rule.Id)), ("name", OrNull(rule.Name))))
        {
            fields.Add(name, value);
        }

        return fields;
    }

    /// <summary>Of a rule, its place and what it is called aside.</summary>
    public static SortedDictionary<string, JsonNode> Content(PolicyRule rule)
    {
        var fields = Fields(
            ("action", AnyOf(rule.Actions) ?? new JsonArray("*")),
            ("effect", rule.Effect.ToWord()),
            ("obligations", rule.Obligations.IsEmpty ? null : new JsonArray([.. rule.Obligations.Select(Obligation)])),
            ("reason", OrNull(rule.Reason)),
            ("reason_code", OrNull(rule.ReasonCode)),
            ("resource", AnyOf(rule.Resources)));
        foreach (var (language, reason) in rule.ReasonLocalized)
        {
            fields.Add($"reason_localized.{language}", reason);
        }

        foreach (var condition in rule.Conditions)
        {
            var (word, value) = Condition(condition);
            fields.Add($"when.{condition.Key}.{word}", value);
        }

        return fields;
    }

    /// <summary>Of a limit, its name aside. Money in dollars, as a document has it.</summary>
    public static SortedDictionary<string, JsonNode> Of(QuotaLimit limit) => Fields(
        ("action", AnyOf(limit.Actions)),
        ("default_estimate", limit.DefaultEstimate is { } estimate ? Units(limit, estimate) : null),
        ("fallback_price", limit.FallbackPrice is { } price
            ? new JsonObject { ["input"] = price.Input / MicrosOfADollar, ["output"] = price.Output / MicrosOfADollar }
            : null),
        ("hold", limit.Hold == QuotaLimit.DefaultHold ? null : limit.Hold.ToString("c", CultureInfo.InvariantCulture)),
        ("limit", Units(limit, limit.Limit)),
        ("metric", limit.Metric.ToWord()),
        ("per", limit.Scope.ToWord()),
        ("resource", AnyOf(limit.Resources)),
        ("timezone", OrNull(limit.Window?.Zone)),
        ("window", limit.Window is { IsCalendar: false } window ? window.Key : OrNull(limit.Window?.Text)));

    private static JsonNode Units(QuotaLimit limit, long units) => limit.Metric == QuotaMetric.CostUsd ? units / NanosOfADollar : units;

    private static (string Word, JsonNode Value) Condition(Condition condition) => condition.Operator switch
    {
        ConditionOperator.Glob => ("glob", Operands(condition, isOrdered: false)),
        ConditionOperator.Not => ("not", Operands(condition, isOrdered: false)),
        ConditionOperator.In => ("in", Operands(condition, isOrdered: false)),
        ConditionOperator.NotIn => ("not_in", Operands(condition, isOrdered: false)),
        ConditionOperator.Cidr => ("cidr", Operands(condition, isOrdered: false)),
        ConditionOperator.Between => ("between", Operands(condition, isOrdered: true)),
        ConditionOperator.Equal => ("eq", Value(condition.Operands[0])),
        ConditionOperator.Greater => ("gt", Value(condition.Operands[0])),
        ConditionOperator.GreaterOrEqual => ("gte", Value(condition.Operands[0])),
        ConditionOperator.Less => ("lt", Value(condition.Operands[0])),
        ConditionOperator.LessOrEqual => ("lte", Value(condition.Operands[0])),
        ConditionOperator.Exists => ("exists", condition.Expected),
        ConditionOperator.Schedule => ("schedule", Schedule(condition.Schedule!)),
        _ => throw new ArgumentException($"a condition asks `{condition.Operator}`, which this program does not know", nameof(condition)),
    };

    private static JsonArray Operands(Condition condition, bool isOrdered)
    {
        var values = condition.Operands.Select(Value);
        return new JsonArray([.. isOrdered ? values : Sorted(values)]);
    }

    private static JsonObject Schedule(Schedule schedule)
    {
        var days = schedule.Weekdays.Distinct().Order().Select(day => (JsonNode)day.ToString().ToLowerInvariant()).ToArray();
        return new JsonObject
        {
            ["from"] = schedule.From?.ToString("HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture),
            ["to"] = schedule.To?.ToString("HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture),
            ["weekdays"] = days.Length is 0 or 7 ? null : new JsonArray(days),
            ["zone"] = schedule.Zone,
        };
    }

    private static JsonNode Obligation(Obligation obligation) => obligation.Parameters is null
        ? new JsonObject { ["name"] = obligation.Name }
        : new JsonObject { ["name"] = obligation.Name, ["parameters"] = Value(obligation.Parameters) };

    private static JsonNode? Nullable(ContextValue value) => value.Kind switch
    {
        ContextKind.Boolean => value.Boolean,
        ContextKind.Number => value.Number,
        ContextKind.Text => value.Text,
        ContextKind.List => new JsonArray([.. value.Items.Select(Nullable)]),
        ContextKind.Object => new JsonObject(value.Fields.OrderBy(field => field.Name, StringComparer.Ordinal).Select(field => KeyValuePair.Create(field.Name, Nullable(field.Value)))),
        _ => null,
    };

    private static JsonNode Value(ContextValue value) => Nullable(value) ?? throw new ArgumentException("an operand is null", nameof(value));

    // Null: any text will do, and none.
    private static JsonArray? AnyOf(ImmutableArray<string> patterns) => patterns.IsEmpty || patterns.Contains("*")
        ? null
        : new JsonArray([.. Sorted(patterns.Select(pattern => (JsonNode)pattern))]);

    private static IEnumerable<JsonNode> Sorted(IEnumerable<JsonNode> values) =>
        values.DistinctBy(value => value.ToJsonString()).OrderBy(value => value.ToJsonString(), StringComparer.Ordinal);

    private static JsonNode? OrNull(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static SortedDictionary<string, JsonNode> Fields(params (string Name, JsonNode? Value)[] fields) =>
        new(fields.Where(field => field.Value is not null).ToDictionary(field => field.Name, field => field.Value!), StringComparer.Ordinal);
}
