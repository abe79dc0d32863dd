using System.Text;
using System.Text.Json;
using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Tests.Policies;

public sealed class LanguageParityTests
{
    public static TheoryData<string, string> Documents()
    {
        var documents = new TheoryData<string, string>();
        foreach (var vector in PolicyVectorTests.Cases().Concat(PolicyVectorTests.Corners()))
        {
            foreach (var policy in vector.GetProperty("policies").EnumerateArray())
            {
                documents.Add(vector.GetProperty("name").GetString()!, policy.GetRawText());
            }
        }

        documents.Add("everything", """
            {"version": "1", "name": "é𝒳 \u0041", "description": "a: b # c\nd", "priority": -5, "enabled": false, "agents": ["a*", "b"],
             "settings": {"default_action": "warn", "default_on_tamper": "x"},
             "rules": [{"effect": "audit", "actions": ["no", "5"], "resources": ["*", "db/[!a-z]?"], "id": "true", "reason": "\"q\" \\ \t",
               "reason_localized": {"de": "ä"}, "obligations": ["null", {"name": "n", "parameters": {"a": [1, true, null, {"b": "~"}]}}],
               "when": {"k": [1, 2.5, true, "3"], "a.b": {"in": ["yes", -1e3], "exists": true}, "request.time": {"between": ["22:00", "06:00"], "weekdays": ["mon"]}}}]}
            """);
        return documents;
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Parse_SameDocumentInBlockYaml_GivesTheSamePolicyAndTheSameFindings(string name, string json)
    {
        var yaml = new StringBuilder();
        WriteBlock(JsonDocument.Parse(json).RootElement, yaml, indent: 0);

        var fromJson = PolicyParser.Parse(json);
        var fromYaml = PolicyParser.Parse(yaml.ToString());

        Assert.True(fromJson.IsValid == fromYaml.IsValid, $"{name}: {string.Join("; ", fromYaml.Diagnostics)}\n{yaml}");
        Assert.Equal(Described(fromJson), Described(fromYaml));
    }

    // Two policies with everything they say, or the findings without their places.
    private static string Described(PolicyParseResult result) =>
        (result.Document is null ? "" : Parsing.Describe(result.Document))
        + string.Join("\n", result.Diagnostics.Select(finding => $"{finding.Code} {finding.Path} {finding.Message} {finding.Remedy}").Order(StringComparer.Ordinal));

    private static void WriteBlock(JsonElement value, StringBuilder yaml, int indent)
    {
        if (value.ValueKind == JsonValueKind.Object && value.EnumerateObject().Any())
        {
            foreach (var property in value.EnumerateObject())
            {
                yaml.Append('\n').Append(' ', indent).Append(JsonSerializer.Serialize(property.Name)).Append(": ");
                WriteBlock(property.Value, yaml, indent + 2);
            }
        }
        else if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0)
        {
            foreach (var item in value.EnumerateArray())
            {
                yaml.Append('\n').Append(' ', indent).Append("- ");
                WriteBlock(item, yaml, indent + 2);
            }
        }
        else
        {
            yaml.Append(value.GetRawText());
        }
    }
}
