using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ControlZero.Cli.Output;
using ControlZero.Engine.Policies;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Policies.Diff;

/// <summary>Shows what a draft says otherwise than the published document, whatever way each is written.</summary>
internal static class MeaningDiff
{
    /// <summary>What is said where nothing is published.</summary>
    public const string AllNew = "no version of it is in force: all of it is new";

    private static readonly string[] Columns = ["CHANGE", "PART", "FIELD", "WAS", "BECOMES"];
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Shows it, and gives the exit code.</summary>
    /// <exception cref="CommandFailure">This program cannot read what is published.</exception>
    public static int Show(Report report, PolicyDocument draft, GetPolicyResponse? published, string text)
    {
        var changes = PolicyComparison.Of(published is null ? null : Parse(published), draft);
        var isSameText = published?.Document == text;
        if (report.IsJson)
        {
            report.Json(new { draft.Name, Version = published?.Policy.Version, Identical = changes.Count == 0, SameText = isSameText, Changes = changes });
        }
        else if (changes.Count > 0)
        {
            report.Table(Columns, changes.SelectMany(Rows));
        }

        if (!report.IsJson)
        {
            report.Words(published is null ? AllNew : Sum(changes, Shapes.Number(published.Policy.Version), isSameText));
        }

        return changes.Count == 0 ? ExitCodes.Ok : ExitCodes.Findings;
    }

    private static PolicyDocument Parse(GetPolicyResponse published) => PolicyParser.Parse(published.Document).Document
        ?? throw new CommandFailure(
            ExitCodes.Failed,
            "DOCUMENT_NOT_READABLE",
            $"this program does not understand version {Shapes.Number(published.Policy.Version)}; use one of the cluster's version, or `--text`");

    private static IEnumerable<IReadOnlyList<string>> Rows(PolicyChange change)
    {
        var rows = new List<(string Field, string Was, string Becomes)>();
        if (change.Moved || (change.Part == "rule" && change.Change is "added" or "removed"))
        {
            rows.Add(("(place)", Text(change.WasAt), Text(change.BecomesAt)));
        }

        rows.AddRange(change.Fields.Select(field => (field.Field, Text(field.Was), Text(field.Becomes))));

        // What is said once need not be said of each field.
        return rows.Select((row, number) => new[]
        {
            number == 0 ? change.Change : "", number == 0 ? $"{change.Part} {change.Id}" : "", row.Field, row.Was, row.Becomes,
        });
    }

    private static string Text(JsonNode? value) => value switch
    {
        null => "",
        JsonValue text when text.GetValueKind() == JsonValueKind.String => text.GetValue<string>(),
        JsonArray { Count: 1 } one => Text(one[0]),
        _ => value.ToJsonString(Plain),
    };

    private static string Sum(IReadOnlyList<PolicyChange> changes, string version, bool isSameText) => changes.Count > 0
        ? $"the draft against version {version}: {string.Join(", ", changes.GroupBy(change => change.Change).Select(group => $"{Shapes.Number(group.Count())} {group.Key}"))}"
        : isSameText ? $"this is the document of version {version}"
        : $"the draft means what version {version} means; it is written otherwise, as `--text` shows";
}
