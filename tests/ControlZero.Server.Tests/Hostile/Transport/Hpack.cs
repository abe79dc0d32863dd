using System.Text;

namespace ControlZero.Server.Tests.Hostile.Transport;

/// <summary>As much of HPACK (RFC 7541) as hand-made requests need: literals out, literals and static entries in, no dynamic table.</summary>
internal static class Hpack
{
    private static readonly string[] Statuses = ["200", "204", "206", "304", "400", "404", "500"];

    /// <summary>A header block of literals that are never indexed, so that any byte can stand in a value.</summary>
    public static byte[] Encode(IEnumerable<(string Name, byte[] Value)> headers)
    {
        var block = new List<byte>();
        foreach (var (name, value) in headers)
        {
            block.Add(0x10);
            AddText(block, Encoding.ASCII.GetBytes(name));
            AddText(block, value);
        }

        return [.. block];
    }

    /// <summary>The fields of a block that was written for a peer with a dynamic table of size 0. Names of the static table are its numbers.</summary>
    public static List<(string Name, string Value)> Decode(ReadOnlySpan<byte> block)
    {
        var fields = new List<(string, string)>();
        while (!block.IsEmpty)
        {
            var first = block[0];
            if ((first & 0x80) != 0)
            {
                var index = ReadNumber(ref block, 7);
                fields.Add(index is >= 8 and <= 14 ? (":status", Statuses[index - 8]) : ($"#{index}", ""));
            }
            else if ((first & 0xe0) == 0x20)
            {
                ReadNumber(ref block, 5);
            }
            else
            {
                var index = ReadNumber(ref block, (first & 0x40) != 0 ? 6 : 4);
                var name = index switch { 0 => ReadText(ref block), >= 8 and <= 14 => ":status", _ => $"#{index}" };
                fields.Add((name, ReadText(ref block)));
            }
        }

        return fields;
    }

    private static void AddText(List<byte> block, byte[] text)
    {
        AddNumber(block, text.Length, 7);
        block.AddRange(text);
    }

    private static void AddNumber(List<byte> block, int number, int bits)
    {
        var full = (1 << bits) - 1;
        if (number < full)
        {
            block.Add((byte)number);
            return;
        }

        block.Add((byte)full);
        for (number -= full; number >= 0x80; number >>= 7)
        {
            block.Add((byte)(number | 0x80));
        }

        block.Add((byte)number);
    }

    private static int ReadNumber(ref ReadOnlySpan<byte> block, int bits)
    {
        var full = (1 << bits) - 1;
        var number = block[0] & full;
        block = block[1..];
        if (number < full)
        {
            return number;
        }

        for (var shift = 0; ; shift += 7)
        {
            var next = block[0];
            block = block[1..];
            number += (next & 0x7f) << shift;
            if ((next & 0x80) == 0)
            {
                return number;
            }
        }
    }

    private static string ReadText(ref ReadOnlySpan<byte> block)
    {
        var isHuffman = (block[0] & 0x80) != 0;
        var length = ReadNumber(ref block, 7);
        var text = isHuffman ? "(huffman)" : Encoding.UTF8.GetString(block[..length]);
        block = block[length..];
        return text;
    }
}
