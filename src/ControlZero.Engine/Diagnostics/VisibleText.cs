using System.Buffers;
using System.Globalization;
using System.Text;

namespace ControlZero.Engine.Diagnostics;

/// <summary>Tells text that reads the way it is from text with characters nobody sees.</summary>
internal static class VisibleText
{
    /// <summary>True for control, format and bidirectional characters and for line and paragraph separators.</summary>
    public static bool IsHidden(Rune rune) => Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    /// <summary>Index of the first hidden character or lone surrogate, or -1.</summary>
    public static int IndexOfHidden(ReadOnlySpan<char> text)
    {
        var index = 0;
        while (index < text.Length)
        {
            if (Rune.DecodeFromUtf16(text[index..], out var rune, out var length) != OperationStatus.Done || IsHidden(rune))
            {
                return index;
            }

            index += length;
        }

        return -1;
    }

    /// <summary>Index of the first surrogate without its other half, or -1.</summary>
    public static int IndexOfLoneSurrogate(ReadOnlySpan<char> text)
    {
        for (var index = text.IndexOfAnyInRange('\ud800', '\udfff'); index >= 0 && index < text.Length; index++)
        {
            if (!char.IsSurrogate(text[index]))
            {
                continue;
            }

            if (index + 1 == text.Length || !char.IsSurrogatePair(text[index], text[index + 1]))
            {
                return index;
            }

            index++;
        }

        return -1;
    }

    /// <summary>How a character is named in a message: <c>U+200B</c>.</summary>
    public static string CodePointAt(ReadOnlySpan<char> text, int index)
    {
        var value = Rune.DecodeFromUtf16(text[index..], out var rune, out _) == OperationStatus.Done ? rune.Value : text[index];
        return string.Create(CultureInfo.InvariantCulture, $"U+{value:X4}");
    }
}
