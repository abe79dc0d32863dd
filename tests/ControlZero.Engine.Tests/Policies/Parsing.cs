using System.Text.Json;
using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Tests.Policies;

/// <summary>Short ways to ask the parser something.</summary>
internal static class Parsing
{
    /// <summary>The policy of a document that must be free of errors.</summary>
    public static PolicyDocument Accept(string text)
    {
        var result = PolicyParser.Parse(text);
        Assert.True(result.IsValid, string.Join("; ", result.Diagnostics));
        return result.Document!;
    }

    /// <summary>The one rule of a YAML policy whose rule is given without its dash, in flow style.</summary>
    public static PolicyRule AcceptRule(string flow) => Assert.Single(Accept($"name: p\nrules: [{flow}]").Rules);

    /// <summary>The codes of all findings, in order.</summary>
    public static string[] Codes(string text) => [.. PolicyParser.Parse(text).Diagnostics.Select(finding => finding.Code)];

    /// <summary>The codes of all errors of a YAML policy with one rule, given in flow style.</summary>
    public static string[] RuleErrors(string flow) =>
        [.. PolicyParser.Parse($"name: p\nrules: [{flow}]").Diagnostics.Where(finding => finding.Severity == DiagnosticSeverity.Error).Select(finding => finding.Code)];

    /// <summary>The codes of all warnings of a document without errors.</summary>
    public static string[] Warnings(string text)
    {
        Accept(text);
        return Codes(text);
    }

    /// <summary>Everything a policy says, as one text: two policies are the same when these are.</summary>
    public static string Describe(PolicyDocument document) => JsonSerializer.Serialize(document);
}
