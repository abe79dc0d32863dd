using System.Globalization;
using System.Text;

namespace ControlZero.Cli.Output;

/// <summary>Text from elsewhere, made safe to show: what would steer the terminal or reorder the line is shown as its number.</summary>
internal static class Printable
{
    /// <summary>One line: line breaks are shown as numbers too.</summary>
    public static string Line(string text) => Escape(text, keepsLines: false);

    /// <summary>Several lines.</summary>
    public static string Text(string text) => Escape(text, keepsLines: true);

    private static string Escape(string text, bool keepsLines)
    {
        if (!text.Any(character => IsUnsafe(character) && !(keepsLines && character is '\n' or '\t')))
        {
            return text;
        }

        var shown = new StringBuilder(text.Length + 16);
        foreach (var character in text)
        {
            shown.Append(IsUnsafe(character) && !(keepsLines && character is '\n' or '\t')
                ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}")
                : character.ToString());
        }

        return shown.ToString();
    }

    private static bool IsUnsafe(char character) =>
        char.GetUnicodeCategory(character) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
