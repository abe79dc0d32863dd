using System.Text;
using System.Text.RegularExpressions;

namespace ControlZero.Engine.Tests.Oracle;

/// <summary>Globs by following every possibility at once. Slow and plain on purpose: the engine is held against it.</summary>
internal static partial class NaiveGlob
{
    private static readonly Dictionary<(string Pattern, string Text, bool AnyCase), bool> Known = [];

    public static bool Matches(string pattern, string text, bool anyCase)
    {
        lock (Known)
        {
            if (!Known.TryGetValue((pattern, text, anyCase), out var matches))
            {
                Known[(pattern, text, anyCase)] = matches = Matches(
                    [.. Token().Matches(pattern).Select(match => match.Value)],
                    [.. text.EnumerateRunes()],
                    anyCase);
            }

            return matches;
        }
    }

    // Which beginnings of the text do the tokens so far match? After the last token, the whole text must be among them.
    private static bool Matches(string[] tokens, Rune[] text, bool anyCase)
    {
        var matched = new HashSet<int> { 0 };
        foreach (var token in tokens)
        {
            matched = token == "*"
                ? [.. matched.SelectMany(length => Enumerable.Range(length, text.Length - length + 1))]
                : [.. matched.Where(length => length < text.Length && Takes(token, text[length], anyCase)).Select(length => length + 1)];
        }

        return matched.Contains(text.Length);
    }

    private static bool Takes(string token, Rune rune, bool anyCase) =>
        (anyCase ? Spellings(rune) : [rune]).Any(spelling => Takes(token, spelling));

    private static bool Takes(string token, Rune rune)
    {
        if (token == "?" || token == rune.ToString())
        {
            return token != "[" || rune.Value == '[';
        }

        if (token.Length < 3 || token[0] != '[')
        {
            return false;
        }

        var negated = token[1] is '!' or '^';
        var body = token[(negated ? 2 : 1)..^1];
        var listed = Range().Matches(body).Any(match =>
        {
            var runes = match.Value.EnumerateRunes().ToArray();
            return runes.Length == 3 && runes[1].Value == '-'
                ? runes[0] <= rune && rune <= runes[2]
                : runes.Contains(rune);
        });
        return listed != negated;
    }

    private static Rune[] Spellings(Rune rune) => rune.IsAscii && char.IsAsciiLetter((char)rune.Value)
        ? [Rune.ToLowerInvariant(rune), Rune.ToUpperInvariant(rune)]
        : [rune];

    // A class, a pair of surrogates, or anything else on its own.
    [GeneratedRegex(@"\[[!^]?\]?[^\]]*\]|[\ud800-\udbff][\udc00-\udfff]|.", RegexOptions.Singleline)]
    private static partial Regex Token();

    [GeneratedRegex(@"(?:[\ud800-\udbff][\udc00-\udfff]|.)(?:-(?:[\ud800-\udbff][\udc00-\udfff]|.))?", RegexOptions.Singleline)]
    private static partial Regex Range();
}
