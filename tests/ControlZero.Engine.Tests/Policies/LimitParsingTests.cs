using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Tests.Policies;

public sealed class LimitParsingTests
{
    private const string Allow = "\"rules\": [{\"allow\": \"*\"}]";

    /// <summary>One limit each, and the finding it must lead to: none, a code, or what only the parser finds, by what follows the word.</summary>
    public static TheoryData<string, string> Documents() => new()
    {
        { """{"name": "a", "metric": "requests", "limit": 60, "window": "1m"}""", "" },
        { """{"name": "a", "metric": "requests", "limit": 60, "window": "1m", "per": "tenant"}""", "" },
        { """{"name": "a", "metric": "requests", "limit": 1e3, "window": "day", "timezone": "Europe/Berlin", "hold": "30s"}""", "" },
        { """{"name": "a", "metric": "requests", "limit": 0, "window": "1m"}""", "" },
        { """{"name": "a", "metric": "cost_usd", "limit": 0.0, "window": "1m", "default_estimate": 1}""", "" },
        { """{"name": "a", "metric": "in_flight", "limit": 0}""", "" },
        { """{"name": "a", "metric": "cost_usd", "limit": 0.000000001, "window": "7d", "default_estimate": 0.000000001}""", "" },
        { """{"name": "a", "metric": "cost_usd", "limit": 1000, "window": "month", "fallback_price": {"input": 2.5, "output": 0}}""", "" },
        { """{"name": "a", "metric": "total_tokens", "limit": 1000000000000, "window": "week", "default_estimate": 1000}""", "" },
        { """{"name": "a", "metric": "in_flight", "limit": 4, "hold": "2h", "action": ["llm:*"], "resource": "model/*"}""", "" },
        { """{"metric": "requests", "limit": 60, "window": "1m"}""", "FIELD_REQUIRED" },
        { """{"name": "", "metric": "requests", "limit": 60, "window": "1m"}""", "FIELD_REQUIRED" },
        { """{"name": " a", "metric": "requests", "limit": 60, "window": "1m"}""", "NAME_SYNTAX" },
        { """{"name": "a", "limit": 60, "window": "1m"}""", "FIELD_REQUIRED" },
        { """{"name": "a", "metric": "request", "limit": 60, "window": "1m"}""", "METRIC_UNKNOWN" },
        { """{"name": "a", "metric": "requests", "window": "1m"}""", "FIELD_REQUIRED" },
        { """{"name": "a", "metric": "requests", "limit": 60}""", "FIELD_REQUIRED" },
        { """{"name": "a", "metric": "requests", "limit": 60, "window": "90"}""", "WINDOW_INVALID" },
        { """{"name": "a", "metric": "requests", "limit": 60, "window": "minute"}""", "WINDOW_INVALID" },
        { """{"name": "a", "metric": "requests", "limit": 60, "window": "367d"}""", "long WINDOW_INVALID" },
        { """{"name": "a", "metric": "requests", "limit": 60, "window": 60}""", "FIELD_TYPE" },
        { """{"name": "a", "metric": "requests", "limit": 60, "window": "day", "timezone": "Europe/Belrin"}""", "zone TIMEZONE_UNKNOWN" },
        { """{"name": "a", "metric": "requests", "limit": 60, "window": "day", "timezone": "localtime"}""", "zone TIMEZONE_UNKNOWN" },
        { """{"name": "a", "metric": "requests", "limit": 60, "window": "24h", "timezone": "Europe/Berlin"}""", "LIMIT_SHAPE" },
        { """{"name": "a", "metric": "requests", "limit": -1, "window": "1m"}""", "NUMBER_RANGE" },
        { """{"name": "a", "metric": "requests", "limit": 1.5, "window": "1m"}""", "NUMBER_RANGE" },
        { """{"name": "a", "metric": "requests", "limit": "60", "window": "1m"}""", "FIELD_TYPE" },
        { """{"name": "a", "metric": "requests", "limit": 1000000000001, "window": "1m"}""", "NUMBER_RANGE" },
        { """{"name": "a", "metric": "requests", "limit": 1e300, "window": "1m"}""", "NUMBER_RANGE" },
        { """{"name": "a", "metric": "cost_usd", "limit": 1000000.01, "window": "1m"}""", "NUMBER_RANGE" },
        { """{"name": "a", "metric": "cost_usd", "limit": 1000000, "window": "month"}""", "" },
        { """{"name": "a", "metric": "cost_usd", "limit": 0.0000000001, "window": "1m"}""", "fine NUMBER_RANGE" },
        { """{"name": "a", "metric": "cost_usd", "limit": -0.5, "window": "1m"}""", "NUMBER_RANGE" },
        { """{"name": "a", "metric": "in_flight", "limit": 4, "window": "1m"}""", "LIMIT_SHAPE" },
        { """{"name": "a", "metric": "in_flight", "limit": 4, "timezone": "UTC"}""", "LIMIT_SHAPE" },
        { """{"name": "a", "metric": "in_flight", "limit": 4, "default_estimate": 1}""", "LIMIT_SHAPE" },
        { """{"name": "a", "metric": "requests", "limit": 4, "window": "1m", "default_estimate": 1}""", "LIMIT_SHAPE" },
        { """{"name": "a", "metric": "requests", "limit": 4, "window": "1m", "fallback_price": {"input": 1, "output": 1}}""", "LIMIT_SHAPE" },
        { """{"name": "a", "metric": "cost_usd", "limit": 4, "window": "1m", "fallback_price": {"input": 1}}""", "FIELD_REQUIRED" },
        { """{"name": "a", "metric": "cost_usd", "limit": 4, "window": "1m", "fallback_price": {"input": 0, "output": 0}}""", "NUMBER_RANGE" },
        { """{"name": "a", "metric": "cost_usd", "limit": 4, "window": "1m", "fallback_price": {"input": -1, "output": 3}}""", "NUMBER_RANGE" },
        { """{"name": "a", "metric": "cost_usd", "limit": 4, "window": "1m", "fallback_price": {"input": 0.0000001, "output": 3}}""", "fine NUMBER_RANGE" },
        { """{"name": "a", "metric": "cost_usd", "limit": 4, "window": "1m", "fallback_price": 3}""", "FIELD_TYPE" },
        { """{"name": "a", "metric": "cost_usd", "limit": 4, "window": "1m", "fallback_price": {"input": 1, "output": 1, "cached": 1}}""", "UNKNOWN_FIELD" },
        { """{"name": "a", "metric": "total_tokens", "limit": 4, "window": "1m", "default_estimate": 5}""", "over NUMBER_RANGE" },
        { """{"name": "a", "metric": "total_tokens", "limit": 4, "window": "1m", "default_estimate": 0}""", "NUMBER_RANGE" },
        { """{"name": "a", "metric": "requests", "limit": 4, "window": "1m", "per": "team"}""", "FIELD_VALUE" },
        { """{"name": "a", "metric": "requests", "limit": 4, "window": "1m", "hold": "0m"}""", "WINDOW_INVALID" },
        { """{"name": "a", "metric": "requests", "limit": 4, "window": "1m", "hold": "25h"}""", "long WINDOW_INVALID" },
        { """{"name": "a", "metric": "requests", "limit": 4, "window": "1m", "action": []}""", "EMPTY_LIST" },
        { """{"name": "a", "metric": "requests", "limit": 4, "window": "1m", "resource": []}""", "EMPTY_LIST" },
        { """{"name": "a", "metric": "requests", "limit": 4, "window": "1m", "resource": ""}""", "PATTERN_SYNTAX" },
        { """{"name": "a", "metric": "requests", "limit": 4, "window": "1m", "action": "x", "actions": "y"}""", "SAID_TWICE" },
        { """{"name": "a", "metric": "requests", "limit": 4, "window": "1m", "resource": "x", "resources": "y"}""", "SAID_TWICE" },
        { """{"name": "a", "metric": "requests", "limit": 4, "window": "1m", "zone": "UTC"}""", "UNKNOWN_FIELD" },
        { "[]", "FIELD_TYPE" },
    };

    [Theory]
    [MemberData(nameof(Documents))]
    public void Parse_Limit_IsAcceptedOrRefusedWithOneCode(string limit, string expected)
    {
        var result = Parse($"{{\"name\": \"p\", {Allow}, \"limits\": [{limit}]}}");

        Assert.Equal(expected[(expected.LastIndexOf(' ') + 1)..], string.Join(",", result.Diagnostics.Select(finding => finding.Code)));
        Assert.All(result.Diagnostics, finding => Assert.True(finding is { Line: 1, Column: > 40 } && finding.Remedy.Length > 0, finding.ToString()));
        Assert.All(result.Diagnostics, finding => Assert.StartsWith("limits[0]", finding.Path, StringComparison.Ordinal));
    }

    [Fact]
    public void Parse_TheExampleOfTheReadme_GivesTheLimitsItStates()
    {
        var readme = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "README.md"));
        var example = readme[readme.IndexOf("## Limits", StringComparison.Ordinal)..].Split("```json")[1].Split("```")[0];

        var limits = Accept(example).Limits;

        Assert.Equal(
            [
                "agent/openrouter-model-policy/daily-usd/cost_usd/day@Europe/Berlin: 5000000000",
                "agent/openrouter-model-policy/rpm/requests/60s: 60",
                "tenant/openrouter-model-policy/team-tokens/total_tokens/month@UTC: 2000000",
                "agent/openrouter-model-policy/parallel/in_flight/: 4",
            ],
            limits.Select(limit => limit.ToString()));
        Assert.Equal(["model/*"], limits[0].Resources.AsEnumerable());
    }

    [Theory]
    [InlineData("0.1", 100_000_000)]
    [InlineData("5.00", 5_000_000_000)]
    [InlineData("1e-9", 1)]
    [InlineData("0.1e1", 1_000_000_000)]
    [InlineData("999.999999999", 999_999_999_999)]
    [InlineData("0.30000000000000000000000000000000", 300_000_000)]
    public void Parse_Dollars_AreExactNanoDollars(string dollars, long nanos) =>
        Assert.Equal(nanos, Assert.Single(Accept($"name: p\nrules: [{{allow: a}}]\nlimits: [{{name: l, metric: cost_usd, limit: {dollars}, window: day}}]").Limits).Limit);

    [Fact]
    public void Parse_EverythingSaid_IsKept()
    {
        var limit = Assert.Single(Accept("""
            name: p
            rules: [{allow: a}]
            limits:
              - {name: l, metric: cost_usd, limit: 5, window: hour, timezone: Asia/Kolkata, per: tenant, actions: [a, "b:*"], resources: ["model/x"],
                 default_estimate: 0.25, fallback_price: {input: 1.5, output: 7}, hold: 2h}
            """).Limits);

        Assert.Equal((QuotaScope.Tenant, "hour@Asia/Kolkata", 250_000_000, TimeSpan.FromHours(2)), (limit.Scope, limit.Window!.Key, limit.DefaultEstimate, limit.Hold));
        Assert.Equal(new ModelPrice(1_500_000, 7_000_000), limit.FallbackPrice);
        Assert.Equal(["a", "b:*"], limit.Actions.AsEnumerable());
    }

    [Fact]
    public void Parse_TwoLimitsWithOneName_AreRefusedWhereTheSecondStands()
    {
        var finding = Assert.Single(Parse("""
            name: p
            rules: [{allow: a}]
            limits:
              - {name: l, metric: requests, limit: 5, window: 1m}
              - {name: l, metric: in_flight, limit: 5}
            """).Diagnostics);

        Assert.Equal((5, 12, "LIMIT_NAME_TWICE", "limits[1].name"), (finding.Line, finding.Column, finding.Code, finding.Path));
    }

    [Theory]
    [InlineData(Limits.PolicyMaxLimits, true)]
    [InlineData(Limits.PolicyMaxLimits + 1, false)]
    public void Parse_ManyLimits_AreAcceptedUpToTheLimit(int count, bool accepted)
    {
        var limits = string.Join(", ", Enumerable.Range(0, count).Select(number => $"{{name: l{number}, metric: in_flight, limit: 5}}"));

        Assert.Equal(accepted, Parse($"name: p\nrules: [{{allow: a}}]\nlimits: [{limits}]").IsValid);
    }

    [Fact]
    public void Parse_SeveralMistakes_AreAllReported()
    {
        var codes = Parse("name: p\nrules: [{allow: a}]\nlimits: [{metric: rpm, limit: -1, windw: 1m, hold: x}]").Diagnostics.Select(finding => finding.Code);

        Assert.Equal(["FIELD_REQUIRED", "FIELD_REQUIRED", "METRIC_UNKNOWN", "NUMBER_RANGE", "UNKNOWN_FIELD", "WINDOW_INVALID"], codes.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("[{allow: llm.generate, resource: 'model/*'}]", "{resource: 'model/a'}", "")]
    [InlineData("[{allow: llm.generate, resource: 'model/*'}]", "{resource: 'tool/a'}", "LIMIT_UNREACHABLE")]
    [InlineData("[{allow: llm.generate}]", "{resource: 'tool/a'}", "")]
    [InlineData("[{allow: 'llm:*', resource: ['x?z', '[ab]*c']}]", "{action: 'LLM.Generate', resource: ['*D', 'A*C']}", "")]
    [InlineData("[{allow: 'llm:*', resource: ['x?z', '[ab]*c']}]", "{resource: ['*d', 'xz']}", "LIMIT_UNREACHABLE")]
    [InlineData("[{allow: 'llm:*'}]", "{action: github}", "LIMIT_UNREACHABLE")]
    [InlineData("[{deny: '*', resource: 'a*'}, {allow: '*', resource: [b]}]", "{resource: 'a*'}", "LIMIT_UNREACHABLE")]
    [InlineData("[{allow: 'llm:*'}]\ndefault_action: warn", "{action: github}", "")]
    public void Lint_LimitOnWhatNothingPermits_IsWarnedOf(string rules, string selectors, string expected)
    {
        var result = Parse($"name: p\nrules: {rules}\nlimits: [{{name: l, metric: in_flight, limit: 5, {selectors[1..^1]}}}]");

        Assert.Equal(expected, string.Join(",", result.Diagnostics.Where(finding => finding.Severity == DiagnosticSeverity.Warning).Select(finding => finding.Code)));
        Assert.True(result.IsValid);
    }

    [Theory]
    [InlineData("estimate.input_tokens", "")]
    [InlineData("estimate.max_output_tokens", "")]
    [InlineData("estimate.cost_usd", "")]
    [InlineData("estimate.cost", "CONDITION_KEY did you mean `estimate.cost_usd`?")]
    [InlineData("estimate.output_tokens", "CONDITION_KEY did you mean `estimate.cost_usd`?")]
    public void Parse_ConditionOnAnEstimate_KnowsItsThreeFigures(string key, string expected)
    {
        var result = Parse($"name: p\nrules: [{{allow: a, when: {{{key}: {{lt: 0.5}}}}}}]");

        Assert.Equal(expected, string.Join(",", result.Diagnostics.Select(finding => $"{finding.Code} {finding.Remedy}")));
    }

    private static PolicyDocument Accept(string text)
    {
        var result = Parse(text);
        Assert.True(result.IsValid, string.Join("; ", result.Diagnostics));
        return result.Document!;
    }

    private static PolicyParseResult Parse(string text) => PolicyParser.Parse(text);
}
