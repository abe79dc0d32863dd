using ControlZero.Engine.Context;
using ControlZero.Engine.Evaluation;

namespace ControlZero.Engine.Tests.Evaluation;

public class ConditionTests
{
    private static readonly Dictionary<string, ContextValue> Values = new()
    {
        ["3"] = ContextValue.Of(3),
        ["'3'"] = ContextValue.Of("3"),
        ["true"] = ContextValue.True,
        ["null"] = ContextValue.Null,
        ["NaN"] = ContextValue.Of(double.NaN),
        ["dev"] = ContextValue.Of("dev"),
        ["prod"] = ContextValue.Of("prod"),
        ["[]"] = ContextValue.List([]),
        ["[dev,prod]"] = ContextValue.List([ContextValue.Of("dev"), ContextValue.Of("prod")]),
        ["[prod,null]"] = ContextValue.List([ContextValue.Of("prod"), ContextValue.Null]),
        ["{}"] = ContextValue.Empty,
        ["10.1.2.3"] = ContextValue.Of("10.1.2.3"),
        ["::ffff:10.1.2.3"] = ContextValue.Of("::ffff:10.1.2.3"),
        ["010.1.2.3"] = ContextValue.Of("010.1.2.3"),
    };

    [Theory]
    [InlineData("\"pr*\"", "prod", "true")]
    [InlineData("\"PR*\"", "prod", "false")]
    [InlineData("\"3\"", "3", "true")]
    [InlineData("[\"x\", \"true\"]", "true", "true")]
    [InlineData("\"pr*\"", "[dev,prod]", "true")]
    [InlineData("\"pr*\"", "[]", "false")]
    [InlineData("\"pr*\"", "[prod,null]", "error")]
    [InlineData("\"*\"", "{}", "error")]
    [InlineData("\"*\"", "null", "error")]
    [InlineData("\"*\"", "missing", "false")]
    [InlineData("{\"eq\": 3}", "'3'", "true")]
    [InlineData("{\"eq\": \"true\"}", "true", "true")]
    [InlineData("{\"eq\": 4}", "3", "false")]
    [InlineData("{\"eq\": 3}", "{}", "error")]
    [InlineData("{\"not\": \"prod\"}", "dev", "true")]
    [InlineData("{\"not\": \"prod\"}", "[dev,prod]", "false")]
    [InlineData("{\"not\": \"prod\"}", "[]", "true")]
    [InlineData("{\"not\": \"prod\"}", "missing", "false")]
    [InlineData("{\"not\": \"prod\"}", "null", "error")]
    [InlineData("{\"in\": [\"x\", 3]}", "3", "true")]
    [InlineData("{\"in\": [\"p*\"]}", "prod", "false")]
    [InlineData("{\"not_in\": [\"dev\"]}", "prod", "true")]
    [InlineData("{\"not_in\": [\"dev\"]}", "[dev,prod]", "false")]
    [InlineData("{\"not_in\": [\"dev\"]}", "missing", "false")]
    [InlineData("{\"gt\": 2}", "3", "true")]
    [InlineData("{\"gt\": 3}", "3", "false")]
    [InlineData("{\"gte\": 3}", "3", "true")]
    [InlineData("{\"lt\": 3}", "3", "false")]
    [InlineData("{\"lte\": 3}", "3", "true")]
    [InlineData("{\"lte\": 3}", "'3'", "error")]
    [InlineData("{\"lte\": 3}", "NaN", "false")]
    [InlineData("{\"gte\": 3}", "NaN", "false")]
    [InlineData("{\"lte\": 3}", "[]", "error")]
    [InlineData("{\"lte\": 3}", "missing", "false")]
    [InlineData("{\"between\": [3, 4]}", "3", "true")]
    [InlineData("{\"between\": [1, 3]}", "3", "true")]
    [InlineData("{\"between\": [4, 5]}", "3", "false")]
    [InlineData("{\"cidr\": \"10.0.0.0/8\"}", "10.1.2.3", "true")]
    [InlineData("{\"cidr\": \"10.0.0.0/8\"}", "::ffff:10.1.2.3", "true")]
    [InlineData("{\"cidr\": [\"::/0\", \"11.0.0.0/8\"]}", "10.1.2.3", "false")]
    [InlineData("{\"cidr\": \"0.0.0.0/0\"}", "010.1.2.3", "error")]
    [InlineData("{\"cidr\": \"0.0.0.0/0\"}", "3", "error")]
    [InlineData("{\"exists\": true}", "null", "false")]
    [InlineData("{\"exists\": false}", "null", "true")]
    [InlineData("{\"exists\": true}", "{}", "true")]
    [InlineData("{\"exists\": false}", "missing", "true")]
    [InlineData("{\"gt\": 2, \"lt\": \"x\"}", "3", "refused")]
    public void Condition_OnAValue_HoldsOrNotOrCannotBeTold(string condition, string value, string expected)
    {
        var fields = Values.TryGetValue(value, out var known) ? [new ContextField("k", known)] : Array.Empty<ContextField>();

        Assert.Equal(expected, Ask("k", condition, ContextValue.Of([.. fields])));
    }

    [Theory]
    [InlineData("dev", null, "true")]
    [InlineData(null, "dev", "true")]
    [InlineData("dev", "dev", "true")]
    [InlineData("dev", "prod", "error")]
    [InlineData(null, null, "false")]
    public void Condition_OnADottedKey_ReadsBothSpellingsAndTrustsNoContradiction(string? literal, string? nested, string expected)
    {
        var fields = new List<ContextField>();
        if (literal is not null)
        {
            fields.Add(new("a.b", ContextValue.Of(literal)));
        }

        if (nested is not null)
        {
            fields.Add(new("a", ContextValue.Of([new("b", ContextValue.Of(nested))])));
        }

        Assert.Equal(expected, Ask("a.b", "\"dev\"", ContextValue.Of([.. fields])));
    }

    [Fact]
    public void Condition_OnTheAgentId_NeverReadsTheContext()
    {
        Assert.Equal("false", Ask("agent_id", "\"admin\"", ContextValue.Of([new("agent_id", ContextValue.Of("admin"))])));
    }

    [Fact]
    public void Conditions_OneFalseAndOneThatCannotBeTold_DoNotMatch()
    {
        const string Document = """{ "name": "p", "default_action": "allow", "rules": [{ "deny": "*", "conditions": { "n": { "gt": 1 }, "k": "x" } }] }""";
        var context = ContextValue.Of([new("n", ContextValue.Of("many")), new("k", ContextValue.Of("y"))]);

        Assert.Equal(ReasonCodes.NoRuleMatch, Policies.Decide(Document, Policies.Request("a:b") with { Context = context }).ReasonCode);
    }

    [Theory]
    [InlineData("2026-03-29T00:59:00Z", "01:30", "02:30", "Europe/Berlin", true)] // 01:59, just before the clocks skip to 03:00
    [InlineData("2026-03-29T01:00:00Z", "02:00", "03:00", "Europe/Berlin", false)] // 03:00; the hour asked about does not occur
    [InlineData("2026-10-25T00:30:00Z", "02:00", "03:00", "Europe/Berlin", true)] // 02:30 for the first time
    [InlineData("2026-10-25T01:30:00Z", "02:00", "03:00", "Europe/Berlin", true)] // 02:30 for the second time
    [InlineData("2026-01-31T09:00:00Z", "09:00", "17:30", "UTC", true)]
    [InlineData("2026-01-31T17:30:00Z", "09:00", "17:30", "UTC", false)]
    [InlineData("2026-01-31T23:00:00Z", "22:00", "06:00", "UTC", true)]
    [InlineData("2026-01-31T05:59:59Z", "22:00", "06:00", "UTC", true)]
    [InlineData("2026-01-31T06:00:00Z", "22:00", "06:00", "UTC", false)]
    public void Schedule_OnTheServersClock_GoesByTheLocalTimeOfTheMoment(string now, string from, string to, string zone, bool expected)
    {
        var condition = $$"""{ "between": ["{{from}}", "{{to}}"], "zone": "{{zone}}" }""";

        Assert.Equal(expected ? "true" : "false", Ask("request.time", condition, null, now));
    }

    [Theory]
    [InlineData("2026-02-01T15:30:00Z", "mon", "Asia/Kathmandu", false)] // Sunday 21:15
    [InlineData("2026-02-01T18:30:00Z", "mon", "Asia/Kathmandu", true)] // Monday 00:15
    public void Schedule_OnWeekdays_GoesByTheLocalDate(string now, string day, string zone, bool expected)
    {
        Assert.Equal(expected ? "true" : "false", Ask("request.time", $$"""{ "weekdays": ["{{day}}"], "zone": "{{zone}}" }""", null, now));
    }

    // A deny tells all three answers apart.
    private static string Ask(string key, string condition, ContextValue? context, string now = "2026-01-31T12:00:00Z")
    {
        var text = $$"""{ "name": "p", "default_action": "allow", "rules": [{ "deny": "*", "conditions": { "{{key}}": {{condition}} } }] }""";
        if (!Engine.Policies.PolicyParser.Parse(text).IsValid)
        {
            return "refused";
        }

        var request = Policies.Request("a:b") with { Context = context, Now = DateTimeOffset.Parse(now, System.Globalization.CultureInfo.InvariantCulture) };
        return Policies.Decide(text, request).ReasonCode switch
        {
            ReasonCodes.RuleMatch => "true",
            ReasonCodes.ConditionError => "error",
            _ => "false",
        };
    }
}
