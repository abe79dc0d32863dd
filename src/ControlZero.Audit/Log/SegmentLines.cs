using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace ControlZero.Audit.Log;

/// <summary>Writes the parts of lines that the log makes itself. The README gives their form.</summary>
internal static class SegmentLines
{
    /// <summary>Longest `"seq":N,`.</summary>
    public const int LongestSequence = 6 + 19 + 1;

    /// <summary>Bytes of a time.</summary>
    public const int TimeLength = 28;

    public static byte[] Gap(DateTimeOffset time, string reason, long count) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\"kind\":\"gap\",\"time\":\"{Time(time)}\",\"reason\":\"{reason}\",\"count\":{count}"));

    public static int WriteSequence(long sequence, Span<byte> to)
    {
        "\"seq\":"u8.CopyTo(to);
        Utf8Formatter.TryFormat(sequence, to[6..], out var digits);
        to[6 + digits] = (byte)',';
        return 7 + digits;
    }

    // "O" of a UTC time is the same form; unlike one that is spelled out, it is not read anew for each time.
    public static void WriteTime(DateTimeOffset time, Span<byte> to) =>
        time.UtcDateTime.TryFormat(to, out _, "O", CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
}
