using System.Buffers;
using System.Globalization;
using System.Text;

namespace ControlZero.Engine.Diagnostics;

/// <summary>
/// The user's own input as it appears in messages and paths: short, on one line, and without anything that a terminal would act on.
/// </summary>
public static class Quoted
{
    /// <summary>Longest input that is shown in full unless said otherwise. Unit: characters (UTF-16).</summary>
    public const int MaxLength = 80;

    private const int MaxPathLength = 4096;
    private static readonly SearchValues<char> Plain = SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code).Where(code => code != '`')]);

    /// <summary>The text between backticks.</summary>
    public static string Text(ReadOnlySpan<char> text) => IsPlain(text, MaxLength) ? string.Concat("`", text, "`") : Escape(text, MaxLength, "`");

    /// <summary>The name of a file or directory between backticks, whole: a path that is cut off cannot be found.</summary>
    public static string Path(ReadOnlySpan<char> path) => $"`{Bare(path, MaxPathLength)}`";

    /// <summary>The text without backticks around it: invisible characters escaped, the end cut off when it is long.</summary>
    public static string Bare(ReadOnlySpan<char> text, int maxLength = MaxLength) =>
        IsPlain(text, maxLength) ? text.ToString() : Escape(text, maxLength, "");

    private static bool IsPlain(ReadOnlySpan<char> text, int maxLength) => text.Length <= maxLength && !text.ContainsAnyExcept(Plain);

    private static string Escape(ReadOnlySpan<char> text, int maxLength, string quote)
    {
        var builder = new StringBuilder(quote, Math.Min(text.Length, maxLength) + (2 * quote.Length) + 1);
        var shown = text.Length > maxLength ? text[..maxLength] : text;
        while (!shown.IsEmpty)
        {
            var whole = Rune.DecodeFromUtf16(shown, out var rune, out var length) == OperationStatus.Done;
            if (whole && rune.Value != '`' && !VisibleText.IsHidden(rune))
            {
                builder.Append(shown[..length]);
            }
            else
            {
                foreach (var unit in shown[..length])
                {
                    builder.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
                }
            }

            shown = shown[length..];
        }

        return builder.Append(text.Length > maxLength ? "…" : "").Append(quote).ToString();
    }
}
