using System.Collections.Frozen;
using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Policies;

/// <summary>
/// Every key and word a policy document may use. The published JSON Schema names the same ones; a test holds the two against each other.
/// </summary>
internal static class PolicySchema
{
    /// <summary>Settings of Control Zero documents that load and do not apply here.</summary>
    public static readonly string[] IgnoredSettings = ["default_on_missing", "default_on_tamper", "default_on_empty", "tamper_behavior"];

    /// <summary>Keys at the top.</summary>
    public static readonly string[] PolicyKeys =
    [
        "version", "name", "description", "priority", "enabled", "mode", "agents", "default_action", "settings", "rules", "limits",
            .. IgnoredSettings,
    ];

    /// <summary>Keys under <c>settings</c>.</summary>
    public static readonly string[] SettingsKeys = ["default_action", .. IgnoredSettings];

    /// <summary>Keys of a rule.</summary>
    public static readonly string[] RuleKeys =
    [
        "effect", "action", "actions", "allow", "deny", "resource", "resources", "conditions", "when",
        "id", "name", "reason", "reason_localized", "reason_code", "obligations",
    ];

    /// <summary>Keys of a limit.</summary>
    public static readonly string[] LimitKeys =
    [
        "name", "metric", "limit", "window", "timezone", "per", "action", "actions", "resource", "resources",
        "default_estimate", "fallback_price", "hold",
    ];

    /// <summary>Keys of <c>fallback_price</c>.</summary>
    public static readonly string[] PriceKeys = ["input", "output"];

    /// <summary>Keys of an obligation.</summary>
    public static readonly string[] ObligationKeys = ["name", "parameters"];

    /// <summary>Operators of a condition.</summary>
    public static readonly string[] OperatorKeys = ["eq", "not", "in", "not_in", "gt", "gte", "lt", "lte", "glob", "cidr", "between",
        "exists"];

    /// <summary>Keys of a condition on <c>request.time</c>.</summary>
    public static readonly string[] TimeKeys = ["gt", "gte", "lt", "lte", "between", "exists", "zone", "weekdays"];

    /// <summary>Keys of <c>between</c> on <c>request.time</c> when it is written as an object.</summary>
    public static readonly string[] SpanKeys = ["from", "to", "zone", "weekdays"];

    /// <summary>Words of <c>effect</c>.</summary>
    public static readonly string[] EffectWords = ["allow", "deny", "warn", "audit"];

    /// <summary>Words of <c>default_action</c>.</summary>
    public static readonly string[] DefaultActionWords = ["deny", "allow", "warn"];

    /// <summary>Words of <c>metric</c>.</summary>
    public static readonly string[] MetricWords = [.. Enum.GetValues<QuotaMetric>().Where(metric => metric != 0).Select(metric => metric.ToWord())];

    /// <summary>Words of <c>per</c>.</summary>
    public static readonly string[] ScopeWords = [.. Enum.GetValues<QuotaScope>().Where(scope => scope != 0).Select(scope => scope.ToWord())];

    /// <summary>Words of <c>mode</c>.</summary>
    public static readonly string[] ModeWords = [.. Enum.GetValues<PolicyMode>().Select(mode => mode.ToWord())];

    /// <summary>Days of the week, in any letter case.</summary>
    public static readonly FrozenDictionary<string, DayOfWeek> Weekdays = Enum.GetValues<DayOfWeek>()
        .SelectMany(day => new[] { (Word: day.ToString(), day), (Word: day.ToString()[..3], day) })
        .ToFrozenDictionary(pair => pair.Word, pair => pair.day, StringComparer.OrdinalIgnoreCase);

    /// <summary>What people write when they mean something else, by what they mean.</summary>
    public static readonly FrozenDictionary<string, string> Synonyms = new Dictionary<string, string>
    {
        ["permit"] = "allow", ["permits"] = "allow", ["grant"] = "allow", ["block"] = "deny", ["reject"] = "deny", ["forbid"] = "deny",
        ["log"] = "audit", ["warning"] = "warn", ["condition"] = "conditions", ["timezone"] = "zone", ["time_zone"] = "zone",
            ["tz"] = "zone",
        ["days"] = "weekdays", ["agent"] = "agents", ["default"] = "default_action", ["default_effect"] = "default_action",
        ["title"] = "name", ["tool"] = "action", ["tools"] = "actions", ["message"] = "reason", ["code"] = "reason_code", ["if"] = "when",
        ["equals"] = "eq", ["equal"] = "eq", ["=="] = "eq", ["ne"] = "not", ["neq"] = "not", ["!="] = "not", ["nin"] = "not_in",
            ["any_of"] = "in",
        [">"] = "gt", [">="] = "gte", ["ge"] = "gte", ["<"] = "lt", ["<="] = "lte", ["le"] = "lte", ["min"] = "gte", ["max"] = "lte",
        ["like"] = "glob", ["match"] = "glob", ["matches"] = "glob", ["pattern"] = "glob", ["regex"] = "glob", ["ip"] = "cidr",
            ["present"] = "exists",
        ["start"] = "from", ["end"] = "to",
        ["zone"] = "timezone", ["scope"] = "per", ["period"] = "window", ["interval"] = "window", ["value"] = "limit", ["amount"] = "limit",
        ["cost"] = "cost_usd", ["usd"] = "cost_usd", ["money"] = "cost_usd", ["tokens"] = "total_tokens", ["calls"] = "requests",
            ["rpm"] = "requests", ["concurrency"] = "in_flight", ["parallel"] = "in_flight",
        ["prompt_tokens"] = "input_tokens", ["completion_tokens"] = "output_tokens", ["estimate"] = "default_estimate", ["ttl"] = "hold",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
}
