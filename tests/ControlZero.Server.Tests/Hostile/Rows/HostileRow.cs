using System.Text.Json;

namespace ControlZero.Server.Tests.Hostile.Rows;

/// <summary>One row of the hostile inputs: what is sent, in prose, and what must come back.</summary>
internal sealed record HostileRow(string Id, string Input, string Expect, string Shape)
{
    private static readonly Lazy<IReadOnlyDictionary<string, HostileRow>> Rows = new(Read);

    /// <summary>All rows by id, in the order of the file.</summary>
    public static IReadOnlyDictionary<string, HostileRow> All => Rows.Value;

    private static OrderedDictionary<string, HostileRow> Read()
    {
        var rows = new OrderedDictionary<string, HostileRow>();
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "conformance", "hostile-inputs.jsonl")).Where(line => line.Length > 0))
        {
            var row = JsonDocument.Parse(line).RootElement;
            var id = row.GetProperty("id").GetString()!;
            rows.Add(id, new HostileRow(
                id, row.GetProperty("input").GetString()!, row.GetProperty("expect").GetString()!, row.GetProperty("shape").GetString()!));
        }

        return rows;
    }
}
