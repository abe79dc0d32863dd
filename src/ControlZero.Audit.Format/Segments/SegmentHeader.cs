using System.Globalization;
using System.Text;
using System.Text.Json;
using ControlZero.Audit.Format.Lines;

namespace ControlZero.Audit.Format.Segments;

/// <summary>What a segment's first line says.</summary>
/// <param name="Id">Which segment it is.</param>
/// <param name="First">Sequence its first record has.</param>
/// <param name="Created">Its first moment.</param>
public readonly record struct SegmentHeader(SegmentId Id, long First, DateTimeOffset Created)
{
    private const int Format = 1;

    /// <summary>Writes the line, with its line feed, that follows the record before the segment.</summary>
    public byte[] ToLine(ChainHash previous, ReadOnlySpan<byte> salt, out ChainHash hash)
    {
        var content = Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"\"kind\":\"segment\",\"format\":{Format},\"silo\":\"{Id.Silo}\",\"generation\":{Id.Generation},\"segment\":{Id.Number},\"first\":{First},\"time\":\"{Created.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffffffZ}\""));
        var line = new byte[ChainedLine.FullLength(content.Length)];
        hash = ChainedLine.Write(previous, salt, content, line);
        return line;
    }

    /// <summary>Reads a line's content; false when it is no header of this format.</summary>
    public static bool TryParse(ReadOnlySpan<byte> content, out SegmentHeader header)
    {
        header = default;
        if (!content.StartsWith("\"kind\":\"segment\",\"format\":1,"u8))
        {
            return false;
        }

        try
        {
            var json = new byte[content.Length + 2];
            json[0] = (byte)'{';
            content.CopyTo(json.AsSpan(1));
            json[^1] = (byte)'}';
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            var id = new SegmentId(root.GetProperty("silo").GetString()!, root.GetProperty("generation").GetInt64(), root.GetProperty("segment").GetInt32());
            header = new SegmentHeader(id, root.GetProperty("first").GetInt64(), root.GetProperty("time").GetDateTimeOffset());
            return SegmentId.IsSilo(id.Silo) && header.First > 0;
        }
        catch (Exception unreadable) when (unreadable is JsonException or KeyNotFoundException or FormatException or InvalidOperationException)
        {
            return false;
        }
    }
}
