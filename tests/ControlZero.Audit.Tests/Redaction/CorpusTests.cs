using System.Text.Json;
using ControlZero.Audit.Format.Events;
using ControlZero.Audit.Redaction;
using Xunit.Abstractions;

namespace ControlZero.Audit.Tests.Redaction;

/// <summary>
/// How much is found, and how much is taken for what it is not, on a corpus of made-up texts (<c>corpus.jsonl</c>). It holds forms that are known
/// to be missed as well: recall is measured, not claimed. A secret in it is broken once by <c>¦</c>, so that no scanner of repositories takes it for one.
/// </summary>
public sealed class CorpusTests(ITestOutputHelper output)
{
    private static readonly string[] KnownMisses = ["base64 of a key", "full-width digits", "random without a sign"];

    private static IReadOnlyList<Sample> Corpus { get; } =
    [
        .. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Redaction", "corpus.jsonl"))
            .Select(line => JsonSerializer.Deserialize<Sample>(line.Replace("¦", "", StringComparison.Ordinal), JsonSerializerOptions.Web)!),
    ];

    [Fact]
    public void Corpus_OfEveryKind_IsFoundAsOftenAsPublished()
    {
        var positives = Corpus.Where(sample => sample.Kind != "none").ToList();
        foreach (var form in positives.GroupBy(sample => (sample.Kind, sample.Form)))
        {
            output.WriteLine($"{form.Key.Kind,-7} {form.Key.Form,-22} {form.Count(IsFound),4} of {form.Count(),4}");
            foreach (var missed in form.Where(sample => !IsFound(sample)).Take(3))
            {
                output.WriteLine($"        missed: {missed.Text}");
            }
        }

        var (found, all) = (positives.Count(IsFound), positives.Count);
        var sought = positives.Where(sample => !KnownMisses.Contains(sample.Form)).ToList();
        var recall = (double)sought.Count(IsFound) / sought.Count;
        output.WriteLine($"recall {recall:P1} of {sought.Count} in forms that are looked for; {(double)found / all:P1} of all {all}");

        Assert.True(all > 400);
        Assert.True(recall >= 0.97, $"recall fell to {recall:P1}");
        Assert.DoesNotContain(positives, sample => KnownMisses.Contains(sample.Form) && IsFound(sample));
    }

    [Fact]
    public void Corpus_OfHarmlessTexts_IsLeftAlone()
    {
        var harmless = Corpus.Where(sample => sample.Kind == "none").ToList();
        var wrong = harmless.Where(sample => Redact(sample.Text) != sample.Text).ToList();
        foreach (var sample in wrong)
        {
            output.WriteLine($"taken for something: {sample.Text} -> {Redact(sample.Text)}");
        }

        var rate = (double)wrong.Count / harmless.Count;
        output.WriteLine($"false positives {rate:P1} of {harmless.Count}");

        Assert.True(harmless.Count > 500);
        Assert.True(rate <= 0.005, $"{rate:P1} of harmless texts are changed");
    }

    // What was harmless is remembered: never what only looks like it, however often both come.
    [Fact]
    public void Corpus_AskedAboutAgainInAnyOrder_IsRedactedTheSame()
    {
        var texts = Corpus.Select(sample => sample.Text).ToArray();
        var first = texts.Select(Redact).ToArray();
        for (var round = 1; round <= 3; round++)
        {
            var order = Enumerable.Range(0, texts.Length).ToArray();
            new Random(round).Shuffle(order);

            Assert.All(order, index => Assert.Equal(first[index], Redact(new string(texts[index]))));
        }
    }

    [Fact]
    public void Redact_OfMoreTextsThanAreRemembered_FindsEverySecretAmongThem()
    {
        for (var number = 0; number < 20_000; number++)
        {
            var found = RedactedKinds.None;

            Assert.Equal($"tool/{number}", Redactor.Redact($"tool/{number}", ref found));
            Assert.Equal($"tool/{number} [REDACTED:email]", Redactor.Redact($"tool/{number} a{number}@example.com", ref found));
            Assert.Equal($"r-{number} [REDACTED:secret]", Redactor.RedactSecrets($"r-{number} sk-{number:D20}", ref found));
        }
    }

    // Searched for secrets only, a text may hold what a search for all would take out.
    [Fact]
    public void Text_WithoutASecret_IsStillSearchedForTheRest()
    {
        var found = RedactedKinds.None;
        const string text = "mail to carol@example.com";

        Assert.Equal(text, Redactor.RedactSecrets(text, ref found));
        Assert.Equal("mail to [REDACTED:email]", Redactor.Redact(text, ref found));
    }

    [Fact]
    public void Redact_WithoutAFinding_ReturnsTheSameInstance()
    {
        var found = RedactedKinds.None;
        var text = new string("model/anthropic/claude-sonnet-4-20250514");

        Assert.Same(text, Redactor.Redact(text, ref found));
        Assert.Equal(RedactedKinds.None, found);
    }

    [Theory]
    [InlineData("key sk-ant-api03-abcdefghijklmnop and 4111 1111 1111 1111", "key [REDACTED:secret] and [REDACTED:pan]", RedactedKinds.Secret | RedactedKinds.Pan)]
    [InlineData("""{"password":"hunter22"}""", """{"password":"[REDACTED:secret]"}""", RedactedKinds.Secret)]
    [InlineData("https://me:hunter2@host/x", "https://me:[REDACTED:secret]@host/x", RedactedKinds.Secret)]
    [InlineData("4111 1111 1111 1112", "4111 1111 1111 1112", RedactedKinds.None)]
    [InlineData("DE89 3704 0044 0532 0130 00", "[REDACTED:iban]", RedactedKinds.Iban)]
    [InlineData("DE89370400440532013001", "DE89370400440532013001", RedactedKinds.None)]
    [InlineData("tool/mail/alice@example.com", "tool/mail/[REDACTED:email]", RedactedKinds.Email)]
    public void Redact_WhatItKnows_LeavesTheRest(string text, string expected, RedactedKinds kinds)
    {
        var found = RedactedKinds.None;

        Assert.Equal(expected, Redactor.Redact(text, ref found));
        Assert.Equal(kinds, found);
    }

    [Theory]
    [InlineData("a@")]
    [InlineData("1-")]
    [InlineData("+1 (")]
    [InlineData("eyJa.")]
    [InlineData("://a:")]
    [InlineData("DE12 ")]
    [InlineData("a.b@c.")]
    public void Redact_OfTheBeginningsOfThings_EndsAndLeavesThem(string unit)
    {
        var text = string.Concat(Enumerable.Repeat(unit, 16 * 1024 / unit.Length));

        Assert.Equal(text, Redact(text));
    }

    private static bool IsFound(Sample sample) => !Redact(sample.Text).Contains(sample.Secret, StringComparison.Ordinal);

    private static string Redact(string text)
    {
        var found = RedactedKinds.None;
        return Redactor.Redact(text, ref found);
    }

    private sealed record Sample(string Kind, string Form, string Secret, string Text);
}
