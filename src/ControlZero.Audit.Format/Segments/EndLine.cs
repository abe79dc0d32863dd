using System.Buffers.Text;
using System.Globalization;
using System.Text;
using ControlZero.Audit.Format.Lines;

namespace ControlZero.Audit.Format.Segments;

/// <summary>The last line of a segment. It follows from the others, salt and all, so that whoever seals a segment writes the same one.</summary>
public static class EndLine
{
    private static readonly byte[] NoSalt = new byte[ChainHash.SaltLength];

    /// <summary>The line with its line feed.</summary>
    /// <param name="first">Sequence of the segment's first record.</param>
    /// <param name="last">Sequence of its last record.</param>
    /// <param name="head">Hash of its last record.</param>
    /// <param name="header">Hash of its segment line.</param>
    /// <param name="hash">The line's own hash.</param>
    public static byte[] Of(long first, long last, ChainHash head, ChainHash header, out ChainHash hash)
    {
        var content = Encoding.UTF8.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"\"kind\":\"end\",\"records\":{last - first + 1},\"last\":{last},\"header\":\"{header}\""));
        var line = new byte[ChainedLine.FullLength(content.Length)];
        hash = ChainedLine.Write(head, NoSalt, content, line);
        return line;
    }

    /// <summary>Reads a line's content; false when it is no end line.</summary>
    /// <param name="content">Of the line.</param>
    /// <param name="last">Sequence of the segment's last record.</param>
    public static bool TryParse(ReadOnlySpan<byte> content, out long last)
    {
        last = 0;
        var at = content.IndexOf(",\"last\":"u8);
        return content.StartsWith("\"kind\":\"end\","u8) && at > 0 && Utf8Parser.TryParse(content[(at + 8)..], out last, out _);
    }
}
