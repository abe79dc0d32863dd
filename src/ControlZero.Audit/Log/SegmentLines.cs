using System.Buffers.Text;
using System.Globalization;
using System.Text;
using ControlZero.Audit.Format.Lines;
using ControlZero.Audit.Format.Segments;

namespace ControlZero.Audit.Log;

/// <summary>Writes the lines the log makes itself. The README gives their form.</summary>
internal static class SegmentLines
{
    private const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.fffffffZ";

    /// <summary>Longest `"seq":N,`.</summary>
    public const int LongestSequence = 6 + 19 + 1;

    /// <summary>Bytes of a time.</summary>
    public const int TimeLength = 28;

    private static readonly byte[] NoSalt = new byte[ChainHash.SaltLength];

    public static byte[] Header(SegmentId id, long first, DateTimeOffset created, ChainHash previous, ReadOnlySpan<byte> salt, out ChainHash hash) =>
        Line(
            string.Create(
                CultureInfo.InvariantCulture,
                $"\"kind\":\"segment\",\"format\":1,\"silo\":\"{id.Silo}\",\"generation\":{id.Generation},\"segment\":{id.Number},\"first\":{first},\"time\":\"{Time(created)}\""),
            previous,
            salt,
            out hash);

    /// <summary>The last line follows from the others, salt and all: whoever seals a segment writes the same one.</summary>
    public static byte[] End(long first, long last, ChainHash head, ChainHash header, out ChainHash hash) =>
        Line(
            string.Create(CultureInfo.InvariantCulture, $"\"kind\":\"end\",\"records\":{last - first + 1},\"last\":{last},\"header\":\"{header}\""),
            head,
            NoSalt,
            out hash);

    public static byte[] Gap(DateTimeOffset time, string reason, long count) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\"kind\":\"gap\",\"time\":\"{Time(time)}\",\"reason\":\"{reason}\",\"count\":{count}"));

    public static int WriteSequence(long sequence, Span<byte> to)
    {
        "\"seq\":"u8.CopyTo(to);
        Utf8Formatter.TryFormat(sequence, to[6..], out var digits);
        to[6 + digits] = (byte)',';
        return 7 + digits;
    }

    public static void WriteTime(DateTimeOffset time, Span<byte> to) =>
        time.UtcDateTime.TryFormat(to, out _, TimeFormat, CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);

    private static byte[] Line(string text, ChainHash previous, ReadOnlySpan<byte> salt, out ChainHash hash)
    {
        var content = Encoding.UTF8.GetBytes(text);
        var line = new byte[ChainedLine.FullLength(content.Length)];
        hash = ChainedLine.Write(previous, salt, content, line);
        return line;
    }
}
