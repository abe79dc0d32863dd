using System.Globalization;
using System.Text;
using System.Text.Json;
using ControlZero.Audit.Format.Lines;

namespace ControlZero.Audit.Format.Ledger;

/// <summary>What a line of the ledger says.</summary>
public sealed record LedgerRecord
{
    /// <summary>A generation began.</summary>
    public const string Open = "open";

    /// <summary>Record <see cref="Last"/> has hash <see cref="Head"/>.</summary>
    public const string Checkpoint = "checkpoint";

    /// <summary>A segment is final.</summary>
    public const string Sealed = "sealed";

    /// <summary>Retention is about to drop a segment's bodies.</summary>
    public const string Reduced = "reduced";

    /// <summary>Records of a file of the ledger.</summary>
    public const int RecordsPerFile = 10_000;

    /// <summary>Where the ledger is, below the log's root.</summary>
    public const string Folder = "ledger";

    /// <summary>One of the kinds above. Readers pass over unknown ones.</summary>
    public required string Kind { get; init; }

    /// <summary>When it was written.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Whose.</summary>
    public required string Silo { get; init; }

    /// <summary>Of the silo.</summary>
    public required long Generation { get; init; }

    /// <summary>Number of the segment (<c>sealed</c>, <c>reduced</c>).</summary>
    public int? Segment { get; init; }

    /// <summary>First sequence (<c>sealed</c>).</summary>
    public long? First { get; init; }

    /// <summary>Last sequence (<c>checkpoint</c>, <c>sealed</c>).</summary>
    public long? Last { get; init; }

    /// <summary>Hash of the record with the last sequence (<c>checkpoint</c>, <c>sealed</c>).</summary>
    public ChainHash? Head { get; init; }

    /// <summary>Hash of the end line (<c>sealed</c>).</summary>
    public ChainHash? End { get; init; }

    /// <summary>Why (<c>reduced</c>): <c>age</c> or <c>size</c>.</summary>
    public string? Reason { get; init; }

    /// <summary>The file that holds the record of this number: <c>ledger/NNNNNNNN.jsonl</c>.</summary>
    public static string PathOf(long record) => string.Create(CultureInfo.InvariantCulture, $"{Folder}/{record / RecordsPerFile:D8}.jsonl");

    /// <summary>The line's content, as number <paramref name="sequence"/> of the ledger.</summary>
    public string ToContent(long sequence)
    {
        var text = new StringBuilder(256).Append(
            CultureInfo.InvariantCulture,
            $"\"seq\":{sequence},\"kind\":\"{Kind}\",\"time\":\"{Time.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffffffZ}\",\"silo\":\"{Silo}\",\"generation\":{Generation}");
        Append(text, "segment", Segment);
        Append(text, "first", First);
        Append(text, "last", Last);
        Append(text, "head", Head is { } head ? $"\"{head}\"" : null);
        Append(text, "end", End is { } end ? $"\"{end}\"" : null);
        Append(text, "reason", Reason is null ? null : $"\"{Reason}\"");
        return text.ToString();
    }

    /// <summary>Reads a line's content; false when it is none.</summary>
    public static bool TryParse(ReadOnlySpan<byte> content, out long sequence, out LedgerRecord? record)
    {
        (sequence, record) = (0, null);
        var json = new byte[content.Length + 2];
        json[0] = (byte)'{';
        content.CopyTo(json.AsSpan(1));
        json[^1] = (byte)'}';
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            sequence = root.GetProperty("seq").GetInt64();
            record = new LedgerRecord
            {
                Kind = root.GetProperty("kind").GetString()!,
                Time = root.GetProperty("time").GetDateTimeOffset(),
                Silo = root.GetProperty("silo").GetString()!,
                Generation = root.GetProperty("generation").GetInt64(),
                Segment = root.TryGetProperty("segment", out var segment) ? segment.GetInt32() : null,
                First = root.TryGetProperty("first", out var first) ? first.GetInt64() : null,
                Last = root.TryGetProperty("last", out var last) ? last.GetInt64() : null,
                Head = root.TryGetProperty("head", out var head) && ChainHash.TryParse(head.GetString(), out var headHash) ? headHash : null,
                End = root.TryGetProperty("end", out var end) && ChainHash.TryParse(end.GetString(), out var endHash) ? endHash : null,
                Reason = root.TryGetProperty("reason", out var reason) ? reason.GetString() : null,
            };
            return true;
        }
        catch (Exception unreadable) when (unreadable is JsonException or KeyNotFoundException or FormatException or InvalidOperationException)
        {
            return false;
        }
    }

    private static void Append(StringBuilder text, string name, object? value)
    {
        if (value is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $",\"{name}\":{value}");
        }
    }
}
