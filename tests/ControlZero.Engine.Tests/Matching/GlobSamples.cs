using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CsCheck;

namespace ControlZero.Engine.Tests.Matching;

/// <summary>Small colliding patterns and texts, and a second opinion on what matches.</summary>
internal static class GlobSamples
{
    private static readonly string[] Classes = ["[ab]", "[!a]", "[^A*]", "[]a]", "[!]-]", "[A-b]", "[*]", "[é-😀]", "[-a]", "[a-]"];

    private static readonly string[] Letters = ["a", "A", "b", "/", ":", ".", "é", "😀", "*", "]"];

    public static Gen<string> Text { get; } = Gen.OneOf(Letters).Array[0, 6].Select(string.Concat);

    public static Gen<string> Pattern { get; } =
        Gen.Frequency((5, Gen.OneOf(Letters)), (2, Gen.Const("*")), (1, Gen.Const("?")), (2, Gen.OneOf(Classes)))
            .Array[0, 6].Select(string.Concat);

    /// <summary>A pattern as an expression over <see cref="ToUnits"/>, where every code point is six hexadecimal digits.</summary>
    public static Regex ToRegex(string pattern)
    {
        var expression = new StringBuilder("^");
        var runes = pattern.EnumerateRunes().ToList();
        for (var i = 0; i < runes.Count; i++)
        {
            switch (runes[i].Value)
            {
                case '*':
                    expression.Append("(?:.{6})*");
                    break;
                case '?':
                    expression.Append(".{6}");
                    break;
                case '[':
                    var negated = runes[i + 1].Value is '!' or '^';
                    var first = negated ? i + 2 : i + 1;
                    var close = runes.FindIndex(first + 1, rune => rune.Value == ']');
                    var members = Members(runes[first..close]).Select(Unit);
                    expression.Append(CultureInfo.InvariantCulture, $"(?:{(negated ? "(?!" : "(?=")}{string.Join('|', members)}).{{6}})");
                    i = close;
                    break;
                default:
                    expression.Append(Unit(runes[i].Value));
                    break;
            }
        }

        return new Regex(expression.Append("\\z").ToString(), RegexOptions.CultureInvariant);
    }

    public static string ToUnits(string text) => string.Concat(text.EnumerateRunes().Select(rune => Unit(rune.Value)));

    /// <summary>Every text that differs from this one in nothing but the case of ASCII letters.</summary>
    public static IEnumerable<string> AsciiSpellings(string text) => text.Length == 0
        ? [""]
        : from head in char.IsAsciiLetter(text[0]) ? [char.ToLowerInvariant(text[0]), char.ToUpperInvariant(text[0])] : new[] { text[0] }
          from tail in AsciiSpellings(text[1..])
          select head + tail;

    private static string Unit(int codePoint) => codePoint.ToString("x6", CultureInfo.InvariantCulture);

    // Of a range, the members that the letters above can meet are enough.
    private static IEnumerable<int> Members(List<Rune> body)
    {
        var alphabet = Letters.SelectMany(letter => letter.EnumerateRunes()).Select(rune => rune.Value).ToList();
        for (var i = 0; i < body.Count; i++)
        {
            if (i + 2 < body.Count && body[i + 1].Value == '-')
            {
                var (low, high) = (body[i].Value, body[i + 2].Value);
                foreach (var member in alphabet.Where(letter => low <= letter && letter <= high))
                {
                    yield return member;
                }

                i += 2;
            }
            else
            {
                yield return body[i].Value;
            }
        }
    }
}
