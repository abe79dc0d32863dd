using System.Text.Json;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Tests.Policies;

/// <summary>The published JSON Schema and the parser say the same.</summary>
public sealed class PolicySchemaTests
{
    private static readonly JsonElement Schema =
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "policy.schema.json"))).RootElement;

    [Fact]
    public void Schema_Keys_AreThoseTheParserKnows()
    {
        AssertSame(PolicySchema.PolicyKeys, Names(Schema));
        AssertSame(PolicySchema.SettingsKeys, Names(Schema.GetProperty("properties").GetProperty("settings")));
        AssertSame(PolicySchema.RuleKeys, Names(Definition("rule")));
        AssertSame(PolicySchema.LimitKeys, Names(Definition("limit")));
        AssertSame(PolicySchema.PriceKeys, Names(Definition("limit").GetProperty("properties").GetProperty("fallback_price")));
        AssertSame(PolicySchema.ObligationKeys, Names(Definition("obligation")));
        AssertSame(PolicySchema.OperatorKeys, Names(Definition("operators")));
        AssertSame(PolicySchema.TimeKeys, Names(Definition("time_condition")));
        AssertSame(PolicySchema.SpanKeys, Names(Definition("span")));
    }

    [Fact]
    public void Schema_Words_AreThoseTheParserKnows()
    {
        AssertSame(PolicySchema.EffectWords, Words(Definition("rule").GetProperty("properties").GetProperty("effect")));
        AssertSame(PolicySchema.DefaultActionWords, Words(Definition("default_action")));
        AssertSame(PolicySchema.ModeWords, Words(Schema.GetProperty("properties").GetProperty("mode")));
        AssertSame(PolicySchema.MetricWords, Words(Definition("limit").GetProperty("properties").GetProperty("metric")));
        AssertSame(PolicySchema.ScopeWords, Words(Definition("limit").GetProperty("properties").GetProperty("per")));
        AssertSame(ReasonCodes.Reserved, Words(Definition("rule").GetProperty("properties").GetProperty("reason_code").GetProperty("not")));
    }

    [Fact]
    public void Schema_Limits_AreThoseOfTheParser()
    {
        Assert.Equal(Limits.PolicyMaxRules, Schema.GetProperty("properties").GetProperty("rules").GetProperty("maxItems").GetInt32());
        Assert.Equal(Limits.PolicyMaxLimits, Schema.GetProperty("properties").GetProperty("limits").GetProperty("maxItems").GetInt32());
        Assert.Equal(Limits.LimitNameMaxLength, Definition("limit").GetProperty("properties").GetProperty("name").GetProperty("maxLength").GetInt32());
        Assert.Equal(Limits.UnitsMax, Definition("limit").GetProperty("properties").GetProperty("limit").GetProperty("maximum").GetInt64());
        Assert.Equal(Limits.PolicyNameMaxLength, Schema.GetProperty("properties").GetProperty("name").GetProperty("maxLength").GetInt32());
        Assert.Equal(Limits.PatternMaxLength, Definition("pattern").GetProperty("maxLength").GetInt32());
        Assert.Equal(Limits.RuleMaxPatterns, Definition("globs").GetProperty("oneOf")[1].GetProperty("maxItems").GetInt32());
        Assert.Equal(Limits.RuleTextMaxLength, Definition("rule").GetProperty("properties").GetProperty("reason").GetProperty("maxLength").GetInt32());
    }

    [Fact]
    public void Schema_Everything_IsDescribed() => Assert.Empty(Undescribed("", Schema));

    [Fact]
    public void Schema_ConformanceVectors_AreAcceptedAndRefusedLikeTheParserDoes()
    {
        var validator = new JsonSchemaSubset(Schema);
        foreach (var policy in PolicyVectorTests.Cases().SelectMany(vector => vector.GetProperty("policies").EnumerateArray()))
        {
            var text = policy.GetRawText();
            // A class that is never closed is text to a schema.
            var expected = PolicyParser.Parse(text).IsValid || text.Contains("doc-[a", StringComparison.Ordinal);

            Assert.True(expected == validator.Accepts(policy), text);
        }
    }

    // The other way round a schema says less: it knows no classes, networks or zones.
    [Fact]
    public void Schema_OfWhatTheParserAccepts_RefusesNothing()
    {
        var validator = new JsonSchemaSubset(Schema);
        var refused = PolicyVectorTests.Corners()
            .SelectMany(vector => vector.GetProperty("policies").EnumerateArray())
            .Where(policy => PolicyParser.Parse(policy.GetRawText()).IsValid && !validator.Accepts(policy));

        Assert.Empty(refused.Select(policy => policy.GetRawText()));
    }

    [Theory]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"when\": {\"k\": {}}}]")]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"when\": {\"k\": null}}]")]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"when\": {\"k\": []}}]")]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"when\": {\"k\": 3}}]")]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"when\": {\"k\": [true, \"a*\"]}}]")]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"when\": {\"tenant_id\": \"x\"}}]")]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"when\": {\"agent.labels.team\": \"x\"}}]")]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"when\": {\"estimate.cost\": \"x\"}}]")]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"when\": {\"a..b\": \"x\"}}]")]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"when\": {\"k\": {\"gt\": \"3\"}}}]")]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"when\": {\"k\": {\"eq\": [3]}}}]")]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"when\": {\"k\": {\"cidr\": \"10.0.0.0/8\", \"exists\": true}}}]")]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"when\": {\"request.time\": \"x\"}}]")]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"when\": {\"request.time\": {\"zone\": \"UTC\"}}}]")]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"when\": {\"request.time\": {\"zone\": \"UTC\", \"weekdays\": [\"Mon\", \"SUNDAY\"]}}}]")]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"when\": {\"request.time\": {\"between\": [\"09:00\", \"24:00\"]}}}]")]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"when\": {\"request.time\": {\"between\": {\"from\": \"09:00\", \"to\": \"10:00\"}}}}]")]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"when\": {\"request.time\": {\"gt\": \"2026-01-31T09:00:00Z\"}}}]")]
    [InlineData("\"rules\": [{\"allow\": \" a\"}]")]
    [InlineData("\"rules\": [{\"allow\": \"\"}]")]
    [InlineData("\"rules\": [{\"allow\": [\"a\", 3]}]")]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"deny\": \"b\"}]")]
    [InlineData("\"rules\": [{\"effect\": \"deny\", \"action\": \"b\", \"actions\": \"b\"}]")]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"conditions\": {}, \"when\": {}}]")]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"reason_code\": \"RULE_MATCH\"}]")]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"reason_localized\": {\"de\": \"x\"}, \"id\": \"synthetic:x\"}]")]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"obligations\": [\"a b\", {\"name\": \"x\", \"parameters\": {}}]}]")]
    [InlineData("\"rules\": [{\"allow\": \"a\", \"obligations\": [{}]}]")]
    [InlineData("\"rules\": []")]
    [InlineData("\"rules\": {}")]
    [InlineData("\"rules\": [{\"allow\": \"a\"}], \"limits\": []")]
    [InlineData("\"rules\": [{\"allow\": \"a\"}], \"mode\": \"shadow\"")]
    [InlineData("\"rules\": [{\"allow\": \"a\"}], \"mode\": \"enforce\", \"version\": 1, \"priority\": 2147483647, \"agents\": \"a*\"")]
    [InlineData("\"rules\": [{\"allow\": \"a\"}], \"priority\": 2147483648")]
    [InlineData("\"rules\": [{\"allow\": \"a\"}], \"priority\": 1.5")]
    [InlineData("\"rules\": [{\"allow\": \"a\"}], \"version\": \"2\"")]
    [InlineData("\"rules\": [{\"allow\": \"a\"}], \"settings\": {\"default_on_missing\": 1, \"default_action\": \"audit\"}")]
    [InlineData("\"rules\": [{\"allow\": \"a\"}], \"default_on_tamper\": \"deny\"")]
    public void Schema_Document_IsAcceptedExactlyWhenTheParserAcceptsIt(string fields)
    {
        var text = $"{{\"name\": \"p\", {fields}}}";

        Assert.Equal(PolicyParser.Parse(text).IsValid, new JsonSchemaSubset(Schema).Accepts(JsonDocument.Parse(text).RootElement));
    }

    [Theory]
    [MemberData(nameof(LimitParsingTests.Documents), MemberType = typeof(LimitParsingTests))]
    public void Schema_Limit_IsAcceptedExactlyWhenTheParserAcceptsIt(string limit, string expected)
    {
        // What a schema cannot say: digits behind the point, lengths in days, which zones exist, one figure beside another.
        if (expected.Contains(' ', StringComparison.Ordinal))
        {
            return;
        }

        var document = JsonDocument.Parse(limit).RootElement;

        Assert.Equal(expected.Length == 0, new JsonSchemaSubset(Schema).Accepts("limit", document));
    }

    private static JsonElement Definition(string name) => Schema.GetProperty("$defs").GetProperty(name);

    private static IEnumerable<string> Names(JsonElement schema) => schema.GetProperty("properties").EnumerateObject().Select(property => property.Name);

    private static IEnumerable<string> Words(JsonElement schema) => schema.GetProperty("enum").EnumerateArray().Select(word => word.GetString()!);

    private static void AssertSame(IEnumerable<string> expected, IEnumerable<string> actual) =>
        Assert.Equal(expected.Order(StringComparer.Ordinal), actual.Order(StringComparer.Ordinal));

    private static IEnumerable<string> Undescribed(string path, JsonElement schema)
    {
        foreach (var group in new[] { "properties", "$defs" }.Where(group => schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty(group, out _)))
        {
            foreach (var property in schema.GetProperty(group).EnumerateObject())
            {
                if (!property.Value.TryGetProperty("description", out _) && !property.Value.TryGetProperty("$ref", out _))
                {
                    yield return $"{path}/{property.Name}";
                }

                foreach (var inner in Undescribed($"{path}/{property.Name}", property.Value))
                {
                    yield return inner;
                }
            }
        }
    }
}
