using ControlZero.Engine.Matching;
using CsCheck;

namespace ControlZero.Engine.Tests.Matching;

public class GlobTests
{
    [Theory]
    [InlineData("*", "", true)]
    [InlineData("*", "a/b:c", true)]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("abc", "abc", true)]
    [InlineData("abc", "abcd", false)]
    [InlineData("abc", "ABC", false)]
    [InlineData("model/*", "model/anthropic/opus", true)]
    [InlineData("model/*", "model/", true)]
    [InlineData("model/*", "model", false)]
    [InlineData("*/opus", "model/anthropic/opus", true)]
    [InlineData("a*b*c", "a-b-b-c", true)]
    [InlineData("a*b*c", "a-b-b-", false)]
    [InlineData("?", "é", true)]
    [InlineData("?", "😀", true)]
    [InlineData("??", "😀", false)]
    [InlineData("?*?", "😀", false)]
    [InlineData("*[!😀]", "😀", false)]
    [InlineData("?", "e\u0301", false)]
    [InlineData("é", "e\u0301", false)]
    [InlineData("[a-c]x", "bx", true)]
    [InlineData("[a-c]x", "dx", false)]
    [InlineData("[!a]", "b", true)]
    [InlineData("[!a]", "a", false)]
    [InlineData("[^a]", "a", false)]
    [InlineData("[!a]", "😀", true)]
    [InlineData("[😀-😃]", "😂", true)]
    [InlineData("[😀-😃]", "😄", false)]
    [InlineData("[]a]", "]", true)]
    [InlineData("[!]a]", "]", false)]
    [InlineData("[-a]", "-", true)]
    [InlineData("[a-]", "-", true)]
    [InlineData("[a-]", "b", false)]
    [InlineData("[--/]", ".", true)]
    [InlineData("[*]", "*", true)]
    [InlineData("[*]", "a", false)]
    [InlineData("\\*", "\\x", true)]
    [InlineData("\\*", "*", false)]
    [InlineData("a]", "a]", true)]
    public void Glob_AgainstText_MatchesTheWholeOfItOrNot(string pattern, string text, bool expected)
    {
        Assert.Equal(expected, Parse(pattern).IsMatch(text));
    }

    [Theory]
    [InlineData("abc", "aBC", true)]
    [InlineData("ABC*", "abcd", true)]
    [InlineData("ABC*", "ab", false)]
    [InlineData("*B?", "abC", true)]
    [InlineData("[a-c]", "B", true)]
    [InlineData("[!a]", "a", true)]
    [InlineData("[!aA]", "a", false)]
    [InlineData("é", "É", false)]
    [InlineData("k", "\u212A", false)]
    [InlineData("[", "[", false)]
    public void Glob_IgnoringAsciiCase_FoldsAsciiLettersAndNothingElse(string pattern, string text, bool expected)
    {
        var matches = Glob.TryParse(pattern, out var glob, out _) && glob.IsMatchIgnoringAsciiCase(text);

        Assert.Equal(expected, matches);
    }

    [Theory]
    [InlineData("a[bc", "is not closed")]
    [InlineData("[]", "is empty")]
    [InlineData("[!]", "is empty")]
    [InlineData("[", "is not closed")]
    [InlineData("[z-a]", "write `a-z`")]
    [InlineData("[a--]", "is reversed")]
    [InlineData("[😃-😀]", "write `😀-😃`")]
    public void Glob_WithABrokenPattern_IsRefusedWithTheReason(string pattern, string reason)
    {
        Assert.False(Glob.TryParse(pattern, out var glob, out var error));

        Assert.Null(glob);
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Glob_WithHalfASurrogatePair_IsRefusedWithItsPosition()
    {
        // An attribute cannot carry such a text: metadata is UTF-8.
        (string Pattern, int Position)[] cases = [("a\ud83d", 1), ("\ude00*", 0), ("[a\ud83d]", 2), ("[a-\ud83d]", 3)];

        foreach (var (pattern, position) in cases)
        {
            Assert.False(Glob.TryParse(pattern, out _, out var error));
            Assert.Contains($"alone at position {position};", error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("abc", true, false, false, "abc")]
    [InlineData("a[*]c", true, false, false, "a*c")]
    [InlineData("abc*", false, true, false, "abc")]
    [InlineData("abc**", false, true, false, "abc")]
    [InlineData("*", false, true, true, "")]
    [InlineData("**", false, true, true, "")]
    [InlineData("ab?c*", false, false, false, "ab")]
    public void Glob_ByItsShape_IsClassified(string pattern, bool literal, bool prefix, bool universal, string literalPrefix)
    {
        var glob = Parse(pattern);

        Assert.Equal((literal, prefix, universal, literalPrefix), (glob.IsLiteral, glob.IsPrefix, glob.IsUniversal, glob.LiteralPrefix));
    }

    [Theory]
    [InlineData("*", "a?[bc]*", true)]
    [InlineData("model/*", "model/openai/*", true)]
    [InlineData("model/openai/*", "model/*", false)]
    [InlineData("a*c", "a*b*c", true)]
    [InlineData("a*b*c", "a*c", false)]
    [InlineData("*?", "?*", true)]
    [InlineData("?", "[abc]", true)]
    [InlineData("[a-z]", "[b-d]", true)]
    [InlineData("[b-d]", "[a-z]", false)]
    [InlineData("[!a]", "b", true)]
    [InlineData("[ab]", "?", false)]
    [InlineData("??", "😀", false)]
    [InlineData("A", "a", false)]
    public void Glob_Covers_OnlyWhatItSurelyMatches(string pattern, string other, bool expected)
    {
        Assert.Equal(expected, Parse(pattern).Covers(Parse(other)));
    }

    [Fact]
    public void Glob_GeneratedPatterns_AgreeWithARegularExpression()
    {
        Gen.Select(GlobSamples.Pattern, GlobSamples.Text.Array[1, 20]).Sample(
            (pattern, texts) =>
            {
                var glob = Parse(pattern);
                var expression = GlobSamples.ToRegex(pattern);
                return texts.All(text => glob.IsMatch(text) == expression.IsMatch(GlobSamples.ToUnits(text)));
            },
            seed: "0000000000001", iter: 20_000, threads: 1);
    }

    [Fact]
    public void Glob_GeneratedPatternsIgnoringAsciiCase_MatchIfSomeSpellingMatches()
    {
        Gen.Select(GlobSamples.Pattern, GlobSamples.Text).Sample(
            (pattern, text) =>
            {
                var glob = Parse(pattern);
                return glob.IsMatchIgnoringAsciiCase(text) == GlobSamples.AsciiSpellings(text).Any(spelling => glob.IsMatch(spelling));
            },
            seed: "0000000000001", iter: 20_000, threads: 1);
    }

    [Fact]
    public void Glob_GeneratedPairsThatCover_MatchEverythingTheOtherMatches()
    {
        var covering = 0;
        Gen.Select(GlobSamples.Pattern, GlobSamples.Pattern, GlobSamples.Text.Array[20]).Sample(
            (pattern, other, texts) =>
            {
                var (wide, narrow) = (Parse(pattern), Parse(other));
                if (!wide.Covers(narrow))
                {
                    return true;
                }

                covering++;
                return texts.All(text => wide.IsMatch(text) || !narrow.IsMatch(text));
            },
            seed: "0000000000001", iter: 50_000, threads: 1);

        Assert.True(covering > 1_000, $"only {covering} pairs covered");
    }

    [Fact]
    public void Glob_GeneratedPairs_OverlapExactlyWhenSomeTextMatchesBoth()
    {
        var texts = Enumerable.Range(1, 6).Aggregate(new[] { "" }, (shorter, _) => [.. shorter, .. shorter.SelectMany(text => new[] { text + "a", text + "B", text + "/" })])
            .Distinct().ToArray();
        var pattern = Gen.OneOf("a", "A", "b", "*", "*", "?", "[aB]", "[!a]", "[/]", "[A-C]").Array[0, 3].Select(string.Concat);

        Gen.Select(pattern, pattern).Sample(
            (one, other) =>
            {
                var (first, second) = (Parse(one), Parse(other));
                var both = Array.Exists(texts, text => first.IsMatchIgnoringAsciiCase(text) && second.IsMatchIgnoringAsciiCase(text));
                Assert.True(both == first.OverlapsIgnoringAsciiCase(second), $"`{one}` and `{other}`: {both}");
            },
            iter: 3_000, seed: "0000000000001");
    }

    [Fact]
    public void Glob_WithManyRuns_TakesStepsLinearInPatternTimesText()
    {
        var glob = Parse(string.Concat(Enumerable.Repeat("*a", 127)) + "*b");
        var text = new string('a', 100_000);

        Assert.False(glob.IsMatch(text));
        Assert.False(glob.IsMatchIgnoringAsciiCase(text));
        Assert.True(glob.IsMatch(text + "b"));
    }

    [Fact]
    public void Glob_Matching_AllocatesNothing()
    {
        Glob[] globs = [Parse("abc"), Parse("abc*"), Parse("*"), Parse("a[b-d]*?"), Parse("*😀[!x]")];
        var text = "abcdef😀y";
        var before = GC.GetAllocatedBytesForCurrentThread();

        var matches = 0;
        for (var i = 0; i < 1_000; i++)
        {
            foreach (var glob in globs)
            {
                matches += glob.IsMatch(text) || glob.IsMatchIgnoringAsciiCase(text) ? 1 : 0;
            }
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(4_000, matches);
    }

    private static Glob Parse(string pattern) =>
        Glob.TryParse(pattern, out var glob, out var error) ? glob : throw new ArgumentException(error, nameof(pattern));
}
