using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;

namespace ControlZero.Audit.Format.Events;

/// <summary>
/// Writes JSON as <see cref="System.Text.Json.Utf8JsonWriter"/> and its default encoder do, to the byte and at a third of the cost: names come as they will
/// stand in the line, and a text that holds nothing to escape, as nearly all do, is copied at once.
/// </summary>
internal readonly ref struct JsonMembers(EventBuffer to)
{
    // What the default encoder leaves as it is: printable ASCII without what HTML or JSON gives a meaning.
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        [.. Enumerable.Range(' ', '~' - ' ' + 1).Select(letter => (char)letter).Where(letter => !JavaScriptEncoder.Default.WillEncode(letter))]);

    private const int LongestNumber = 20;

    // `\ud83d\ude00`
    private const int LongestEscape = 12;
    private const int MostEscaped = 16;

    /// <summary>What is given, as it is.</summary>
    public void Raw(ReadOnlySpan<byte> json)
    {
        json.CopyTo(to.GetSpan(json.Length));
        to.Advance(json.Length);
    }

    /// <summary>A text.</summary>
    /// <param name="before">What stands before it, its quotation mark included.</param>
    /// <param name="text">The text.</param>
    public void Text(ReadOnlySpan<byte> before, ReadOnlySpan<char> text)
    {
        Raw(before);
        while (text.IndexOfAnyExcept(Plain) is var plain and >= 0)
        {
            Copy(text[..plain]);
            text = text[plain..];
            var escaped = text.IndexOfAny(Plain) is var end and >= 0 ? text[..end] : text;
            Escape(escaped);
            text = text[escaped.Length..];
        }

        Copy(text);
        Raw("\""u8);
    }

    /// <summary>A text, or nothing when it is empty.</summary>
    public void TextUnlessEmpty(ReadOnlySpan<byte> before, string text)
    {
        if (text.Length > 0)
        {
            Text(before, text);
        }
    }

    /// <summary>A number.</summary>
    public void Number(ReadOnlySpan<byte> before, long number)
    {
        var span = to.GetSpan(before.Length + LongestNumber);
        before.CopyTo(span);
        Utf8Formatter.TryFormat(number, span[before.Length..], out var written);
        to.Advance(before.Length + written);
    }

    /// <summary>A number.</summary>
    public void Number(ReadOnlySpan<byte> before, ulong number)
    {
        var span = to.GetSpan(before.Length + LongestNumber);
        before.CopyTo(span);
        Utf8Formatter.TryFormat(number, span[before.Length..], out var written);
        to.Advance(before.Length + written);
    }

    /// <summary>Several texts, or nothing when there are none.</summary>
    /// <param name="before">What stands before them, the bracket included.</param>
    /// <param name="items">The texts.</param>
    public void ItemsUnlessEmpty(ReadOnlySpan<byte> before, ReadOnlySpan<string> items)
    {
        if (items.IsEmpty)
        {
            return;
        }

        Raw(before);
        for (var index = 0; index < items.Length; index++)
        {
            Text(index == 0 ? "\""u8 : ",\""u8, items[index]);
        }

        Raw("]"u8);
    }

    /// <summary>Texts by their names, or nothing when there are none.</summary>
    /// <param name="before">What stands before them, the brace included.</param>
    /// <param name="pairs">The names and texts.</param>
    public void PairsUnlessEmpty(ReadOnlySpan<byte> before, ReadOnlySpan<KeyValuePair<string, string>> pairs)
    {
        if (pairs.IsEmpty)
        {
            return;
        }

        Raw(before);
        for (var index = 0; index < pairs.Length; index++)
        {
            Text(index == 0 ? "\""u8 : ",\""u8, pairs[index].Key);
            Text(":\""u8, pairs[index].Value);
        }

        Raw("}"u8);
    }

    private void Copy(ReadOnlySpan<char> plain)
    {
        Ascii.FromUtf16(plain, to.GetSpan(plain.Length), out var written);
        to.Advance(written);
    }

    // A character of two halves is never cut apart: neither half is plain.
    private void Escape(ReadOnlySpan<char> letters)
    {
        Span<char> escaped = stackalloc char[MostEscaped * LongestEscape];
        while (!letters.IsEmpty)
        {
            JavaScriptEncoder.Default.Encode(letters, escaped, out var consumed, out var written);
            Copy(escaped[..written]);
            letters = letters[consumed..];
        }
    }
}
