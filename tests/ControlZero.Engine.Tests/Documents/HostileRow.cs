using System.Text.Json;

namespace ControlZero.Engine.Tests.Documents;

/// <summary>One row of the hostile inputs.</summary>
internal sealed record HostileRow(string Id, string Expect, string Shape)
{
    /// <summary>The code the row wants: <c>ID_TOO_LONG limit=128 actual=129</c> and <c>warning=RULE_UNREACHABLE</c> begin with it, or name it.</summary>
    public string Code => Shape.Replace("warning=", "", StringComparison.Ordinal).Split(' ')[0];

    public static IReadOnlyList<HostileRow> All() =>
    [
        .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "conformance", "hostile-inputs.jsonl"))
            .Where(line => line.Length > 0)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Select(row => new HostileRow(Text(row, "id"), Text(row, "expect"), Text(row, "shape"))),
    ];

    public static HostileRow Find(string id) => All().Single(row => row.Id == id);

    private static string Text(JsonElement row, string name) => row.GetProperty(name).GetString()!;
}
