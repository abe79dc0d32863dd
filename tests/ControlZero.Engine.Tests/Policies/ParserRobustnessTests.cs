using System.Diagnostics;
using System.Text;
using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Policies;
using CsCheck;

namespace ControlZero.Engine.Tests.Policies;

/// <summary>Any text may be handed to the parser. Seeds are fixed: a run is the same every time.</summary>
public sealed class ParserRobustnessTests
{
    private const string Seed = "0N0XIzNsQ0O2";

    private const string Alphabet = "{}[]:,-?&*!|>'\"%@`#\\\n\r\t ~<.0123eE+ _abnoy/éΩ\u0000\u0085\u2028\ufeff";

    private static readonly Gen<char> Punctuation = Gen.Int[0, Alphabet.Length - 1].Select(index => Alphabet[index]);

    private static readonly string[] Valid =
    [
        "{\"name\": \"p\", \"version\": \"1\", \"rules\": [{\"effect\": \"allow\", \"action\": [\"a.b\", \"c:*\"], \"resource\": \"model/[a-z]*\", \"when\": {\"k\": {\"gt\": 1.5, \"in\": [1, \"a\"]}}}]}",
        "name: p\nagents: [a*, b]\nrules:\n  - deny: 'x:*'\n    when:\n      request.time: {between: ['22:00', '06:00'], zone: Europe/Berlin, weekdays: [mon]}\n  - allow: |\n      a\n    reason: >-\n      b\n    obligations: [{name: n, parameters: {a: [1, ~, true]}}]\n",
    ];

    [Fact]
    public void Parse_RandomBytes_NeverThrows() =>
        Gen.Byte.Array[0, 300].Sample(bytes => AssertAnswered(Encoding.Latin1.GetString(bytes)), seed: Seed, iter: 20_000, threads: 1);

    [Fact]
    public void Parse_RandomUtf16_NeverThrows() =>
        Gen.Char.Array[0, 100].Sample(characters => AssertAnswered(new string(characters)), seed: Seed, iter: 10_000, threads: 1);

    [Fact]
    public void Parse_RandomPunctuation_NeverThrows() =>
        Punctuation.Array[0, 60].Sample(characters => AssertAnswered(new string(characters)), seed: Seed, iter: 40_000, threads: 1);

    [Fact]
    public void Parse_MutatedDocuments_NeverThrows() =>
        Gen.Select(Gen.Int[0, Valid.Length - 1].Select(index => Valid[index]), Gen.Select(Gen.Int[0, 400], Gen.Int[0, 4], Punctuation).Array[1, 6]).Sample(
            (document, edits) => AssertAnswered(edits.Aggregate(document, Edit)), seed: Seed, iter: 40_000, threads: 1);

    [Theory]
    [InlineData("[", 200_000)]
    [InlineData("{\"a\":", 40_000)]
    [InlineData("{a: ", 60_000)]
    [InlineData("- ", 100_000)]
    [InlineData("? ", 100_000)]
    [InlineData("a:\n ", 60_000)]
    [InlineData("&a ", 80_000)]
    [InlineData("!a ", 80_000)]
    [InlineData("\"", 200_000)]
    [InlineData("'", 200_001)]
    [InlineData("---\n", 60_000)]
    [InlineData("%YAML 1.2\n", 20_000)]
    [InlineData("%TAG !a! b\n", 20_000)]
    [InlineData("#\n", 120_000)]
    [InlineData("a b ", 60_000)]
    [InlineData("a,", 100_000)]
    [InlineData("[a, b], ", 30_000)]
    [InlineData("| \n", 80_000)]
    [InlineData("\n", 250_000)]
    [InlineData(" ", 250_000)]
    [InlineData("k: v\n", 50_000)]
    [InlineData("*a ", 80_000)]
    [InlineData("\\", 200_000)]
    public void Parse_LongRepetition_IsAnsweredInTime(string unit, int count)
    {
        foreach (var start in new[] { "", "name: p\nrules: ", "name: [", "name: \"", "name: |\n " })
        {
            AssertQuick(start + string.Concat(Enumerable.Repeat(unit, count)));
        }
    }

    [Fact]
    public void Parse_LargestDocuments_AreAnsweredInTime()
    {
        AssertQuick("name: p\nrules:\n" + string.Concat(Enumerable.Range(0, 1000).Select(number => $"- {{allow: [{string.Join(',', Enumerable.Range(0, 40).Select(pattern => $"a{number}{pattern}*"))}]}}\n")));
        AssertQuick("name: p\nrules: [{allow: a, when: {" + string.Concat(Enumerable.Range(0, 20_000).Select(number => $"k{number}: v, ")) + "}}]");
        AssertQuick("name: p\nrules: [{allow: a}]\n" + string.Concat(Enumerable.Range(0, 20_000).Select(number => $"priorit{number}: v\n")));
        AssertQuick("name: p\nrules:\n" + string.Concat(Enumerable.Range(0, 1000).Select(number => $"- {{allow: '{string.Concat(Enumerable.Repeat("*a", 110))}b{number}'}}\n")));
        AssertQuick("{\"name\": \"p\", \"rules\": [" + string.Join(',', Enumerable.Repeat("{\"allow\":\"*a*a*a*a*a\"}", 1000)) + "]}");
    }

    private static string Edit(string text, (int At, int Length, char With) edit)
    {
        var at = Math.Min(edit.At, text.Length);
        return text[..at] + edit.With + text[Math.Min(text.Length, at + edit.Length)..];
    }

    private static void AssertAnswered(string text)
    {
        var result = PolicyParser.Parse(text);

        Assert.Equal(result.IsValid, !result.Diagnostics.Any(finding => finding.Severity == DiagnosticSeverity.Error));
        Assert.All(result.Diagnostics, finding => Assert.True(finding is { Line: >= 0, Column: >= 0, Message.Length: > 0, Remedy.Length: > 0 }, finding.ToString()));
    }

    // Quadratic work on 256 KiB takes minutes; linear work takes a small part of a second. The bound leaves room for a slow machine.
    private static void AssertQuick(string text)
    {
        var clock = Stopwatch.StartNew();

        AssertAnswered(text.Length > Limits.PolicyMaxBytes ? text[..Limits.PolicyMaxBytes] : text);

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"{text[..Math.Min(40, text.Length)]}… took {clock.Elapsed}");
    }
}
