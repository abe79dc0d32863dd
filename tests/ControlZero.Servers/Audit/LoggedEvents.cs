using System.Text;
using System.Text.Json;

namespace ControlZero.Servers.Audit;

/// <summary>An event as it lies in a file of the log.</summary>
/// <param name="File">The file.</param>
/// <param name="Silo">The silo that wrote it.</param>
/// <param name="Generation">Of the silo.</param>
/// <param name="Sequence">Of the record.</param>
/// <param name="Tenant">Whose it is.</param>
/// <param name="Body">What it says.</param>
public sealed record LoggedEvent(string File, string Silo, long Generation, long Sequence, string Tenant, JsonElement Body)
{
    /// <summary>A member of the body as text. Empty: it is not there.</summary>
    public string Text(string name) => !Body.TryGetProperty(name, out var value) ? "" : value.ValueKind == JsonValueKind.True ? "true" : value.ToString();
}

/// <summary>
/// The events of a log, read from its files by somebody who knows the format's description and none of its code: a fault that writer and reader
/// share is not hidden from him.
/// </summary>
public static class LoggedEvents
{
    /// <summary>All events below these roots: data directories of servers. Servers that were killed must have been started again, or their last events are in their WAL only.</summary>
    public static IReadOnlyList<LoggedEvent> Read(params IEnumerable<string> roots)
    {
        var events = new List<LoggedEvent>();
        foreach (var folder in roots.Select(root => Path.Combine(root, "audit")).Where(Directory.Exists))
        {
            foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(IsSegment).Order(StringComparer.Ordinal))
            {
                events.AddRange(ReadFile(file));
            }
        }

        return events;
    }

    private static bool IsSegment(string file) => file.EndsWith(".jsonl", StringComparison.Ordinal)
        || (file.EndsWith(".jsonl.open", StringComparison.Ordinal) && !File.Exists(file[..^".open".Length]));

    private static IEnumerable<LoggedEvent> ReadFile(string file)
    {
        var (silo, generation) = ("", 0L);
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete), Encoding.UTF8);
        var text = reader.ReadToEnd();

        // What stands behind the last line feed of an open segment is still being written.
        foreach (var line in text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var root = JsonDocument.Parse(line).RootElement;
            var kind = root.TryGetProperty("kind", out var said) ? said.GetString() : "reduced";
            if (kind == "segment")
            {
                (silo, generation) = (root.GetProperty("silo").GetString()!, root.GetProperty("generation").GetInt64());
            }
            else if (kind == "event")
            {
                yield return new LoggedEvent(
                    file, silo, generation, root.GetProperty("seq").GetInt64(), root.GetProperty("tenant").GetString()!, root.GetProperty("event"));
            }
        }
    }
}
