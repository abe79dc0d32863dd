using System.Text;
using System.Text.Json;
using ControlZero.Abstractions.Tenants;
using ControlZero.Audit.Format.Lines;
using ControlZero.Audit.Format.Segments;
using ControlZero.Audit.Log;

namespace ControlZero.Audit.Tests.Log;

/// <summary>Entries that can be found again, and how.</summary>
internal static class Entries
{
    public static readonly TenantId Acme = TenantId.Parse("acme");

    public static AuditEntry Numbered(int number, string tenant = "acme", int padding = 200) => new(
        TenantId.Parse(tenant),
        new DateTimeOffset(2026, 11, 27, 20, 0, 0, TimeSpan.Zero).AddTicks(number),
        Encoding.UTF8.GetBytes($"{{\"number\":{number},\"padding\":\"{new string((char)('a' + (number % 26)), padding)}\"}}"));

    /// <summary>The numbers in the sealed segments below a root, in the order of the log: by silo, generation and sequence.</summary>
    public static IReadOnlyList<int> ReadBack(string root) => [.. Lines(root).Where(line => line.Kind == "event").Select(line => line.Number)];

    /// <summary>All lines of the sealed segments below a root.</summary>
    public static IReadOnlyList<ReadLine> Lines(string root)
    {
        var folder = Path.Combine(root, SegmentId.Folder);
        return
        [
            .. (Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.jsonl", SearchOption.AllDirectories) : [])
                .Select(path => (Path: path, Id: SegmentId.TryParse(path, out var id) ? id : throw new InvalidDataException(path)))
                .OrderBy(file => (file.Id.Silo, file.Id.Generation, file.Id.Number))
                .SelectMany(file => File.ReadLines(file.Path).Select(ReadLine.Of)),
        ];
    }
}

/// <summary>What a line says.</summary>
internal sealed record ReadLine(string Kind, long Sequence, int Number, long Count, string Reason, ChainHash Previous, ChainHash Hash)
{
    public static ReadLine Of(string text)
    {
        Assert.True(ChainedLine.TryParse(Encoding.UTF8.GetBytes(text), out var line) && line.IsIntact, text);
        var root = JsonDocument.Parse(text).RootElement;
        return new ReadLine(
            root.GetProperty("kind").GetString()!,
            line.Sequence,
            root.TryGetProperty("event", out var body) ? body.GetProperty("number").GetInt32() : 0,
            root.TryGetProperty("count", out var count) ? count.GetInt64() : 0,
            root.TryGetProperty("reason", out var reason) ? reason.GetString()! : "",
            line.Previous,
            line.Hash);
    }
}
