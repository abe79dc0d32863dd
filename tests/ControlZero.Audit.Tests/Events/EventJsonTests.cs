using System.Text;
using ControlZero.Audit.Format.Events;

namespace ControlZero.Audit.Tests.Events;

public sealed class EventJsonTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Event_WithEverything_IsReadAsItWasWritten()
    {
        var audited = Full();

        Assert.Equivalent(audited, Read(Write(audited)), strict: true);
    }

    // The bytes of this build, which every later one must read.
    [Fact]
    public void Event_OfThisBuild_HasTheseBytes() => Assert.Equal(
        """
        {"kind":"decision","decision_id":"01KB1","agent":"bot","request_id":"r-1","action":"llm.generate","resource":"model/a","candidates":["model/a","model/b"],
        "denied_resource":"model/b","context_sha256":"ab","context":{"k":"v"},"decision":"deny","effect":"deny","reason_code":"RULE_MATCH","reason":"no",
        "policy":"p","policy_version":3,"policy_epoch":7,"rule_id":"rule-0","rule_index":0,"evaluated_rules":2,
        "shadow":{"decision":"allow","effect":"warn","reason_code":"CODE","policy":"next","policy_version":4,"rule_id":"s"},"obligations":["redact_output"],
        "charged":[{"policy":"p","limit":"rpm","metric":"requests","units":1}],"reservation":"rv","key_id":"k1","dry_run":true,"replayed":true,"late":true,
        "redacted":["secret","email"],"cut":{"reason":"cd"}}
        """.ReplaceLineEndings(""),
        Encoding.ASCII.GetString(Write(Full())));

    // What a build before policies in shadow wrote.
    [Fact]
    public void Event_WithoutAShadow_HasNone()
    {
        var line = Write(Full() with { Shadow = null });

        Assert.DoesNotContain("shadow", Encoding.ASCII.GetString(line), StringComparison.Ordinal);
        Assert.Null(Read(line).Shadow);
    }

    [Fact]
    public void Shadow_OfADefault_NamesNoPolicy()
    {
        var shadow = new ShadowRecord(false, "deny", "NO_RULE_MATCH", "", 0, "synthetic:NO_RULE_MATCH");

        Assert.Equal(shadow, Read(Write(Full() with { Shadow = shadow })).Shadow);
    }

    [Theory]
    [InlineData("x\n{\"effect\":\"allow\"}")]
    [InlineData("\u2028\u2029\u0085\r")]
    [InlineData("\u202e\u2066\u200f right to left")]
    [InlineData("\u001b[2J\u001b[31m\u0007\0\u007f")]
    [InlineData("=HYPERLINK(\"http://evil\")")]
    [InlineData("</script><!--")]
    [InlineData("😀 𝔘 é")]
    [InlineData("\\u0041\\\"")]
    public void Text_ThatIsHostile_IsOneLineOfPrintableAsciiAndComesBack(string text)
    {
        var line = Write(Full() with { Reason = text, Resource = text, RequestId = text, RuleId = text, Shadow = Full().Shadow! with { RuleId = text, Policy = text } });

        Assert.All(line, letter => Assert.InRange(letter, (byte)' ', (byte)'~'));
        var read = Read(line);
        Assert.Equal((text, text, text, text), (read.Reason, read.Resource, read.RequestId, read.RuleId));
        Assert.Equal((text, text), (read.Shadow!.RuleId, read.Shadow.Policy));
    }

    [Fact]
    public void Text_WithHalfACharacter_BecomesAMarkAndNeverFails()
    {
        var read = Read(Write(Full() with { Reason = "a\ud800b", Resource = "\udc00" }));

        Assert.Equal(("a\ufffdb", "\ufffd"), (read.Reason, read.Resource));
    }

    // The library's writer is the oracle: bodies were written with it before, and are read by whatever reads its JSON.
    [Fact]
    public void Texts_OfAnyLetters_AreSpelledAsTheLibrarySpellsThem()
    {
        var random = new Random(7);
        string[] letters = ["a", "Z", "0", " ", "~", "\"", "\\", "/", "'", "<", "&", "+", "`", "\n", "\u007f", "é", "\u2028", "😀", "\ud83d", "\ude00", "\u0000"];
        for (var number = 0; number < 5_000; number++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(70)).Select(_ => letters[random.Next(letters.Length)]));
            var buffer = new EventBuffer();
            new JsonMembers(buffer).Text("\""u8, text);

            Assert.Equal(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(text), buffer.Between(0, buffer.Length).ToArray());
        }
    }

    [Theory]
    [InlineData('x')]
    [InlineData('"')]
    [InlineData('\u2028')]
    public void Event_ThatIsTooLong_IsCutAndKeepsDigests(char letter)
    {
        var longText = new string(letter, 8 * 1024);
        var audited = Full() with
        {
            Reason = longText,
            Candidates = [.. Enumerable.Range(0, 64).Select(_ => new string(letter, 1024))],
            Context = [.. Enumerable.Range(0, 16).Select(index => KeyValuePair.Create($"k{index}", longText))],
            Cut = [],
        };

        var line = Write(audited);

        Assert.InRange(line.Length, 1, AuditEvent.MaxBytes);
        var read = Read(line);
        Assert.StartsWith(read.Reason, longText, StringComparison.Ordinal);
        Assert.Contains(KeyValuePair.Create("reason", Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(longText)))), read.Cut);
        Assert.Contains(read.Cut, cut => cut.Key == "candidates");
        Assert.Equal(audited.DecisionId, read.DecisionId);
    }

    [Fact]
    public void Buffer_ThatHoldsSeveralEvents_GivesEachOfThem()
    {
        var buffer = new EventBuffer();
        EventJson.Write(Full(), buffer);
        var first = buffer.Length;
        EventJson.Write(Full() with { Reason = new string('"', 40_000) }, buffer);
        var second = buffer.Length;
        EventJson.Write(Full() with { Agent = "other" }, buffer);

        Assert.Equal(Write(Full()), buffer.Between(0, first).ToArray());
        Assert.InRange(second - first, 1, AuditEvent.MaxBytes);
        Assert.Equal("other", Read(buffer.Between(second, buffer.Length)).Agent);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"kind\":1}")]
    [InlineData("{")]
    public void Body_ThatIsNoEvent_IsAJsonFault(string body) =>
        Assert.ThrowsAny<Exception>(() => Read(Encoding.ASCII.GetBytes(body)));

    private static AuditEvent Full() => new()
    {
        Kind = AuditEventKind.Decision,
        DecisionId = "01KB1",
        Time = Noon,
        Tenant = "acme",
        Agent = "bot",
        RequestId = "r-1",
        Action = "llm.generate",
        Resource = "model/a",
        Candidates = ["model/a", "model/b"],
        DeniedResource = "model/b",
        ContextDigest = "ab",
        Context = [KeyValuePair.Create("k", "v")],
        Allowed = false,
        Effect = "deny",
        ReasonCode = "RULE_MATCH",
        Reason = "no",
        Policy = "p",
        PolicyVersion = 3,
        PolicyEpoch = 7,
        RuleId = "rule-0",
        Shadow = new ShadowRecord(true, "warn", "CODE", "next", 4, "s"),
        RuleIndex = 0,
        EvaluatedRules = 2,
        Obligations = ["redact_output"],
        Charged = [new ChargedUnits("p", "rpm", "requests", 1)],
        Reservation = "rv",
        KeyId = "k1",
        Silo = "silo-1",
        DryRun = true,
        Replayed = true,
        Late = true,
        Redacted = RedactedKinds.Secret | RedactedKinds.Email,
        Cut = [KeyValuePair.Create("reason", "cd")],
    };

    private static byte[] Write(AuditEvent audited)
    {
        var buffer = new EventBuffer();
        EventJson.Write(audited, buffer);
        return buffer.Between(0, buffer.Length).ToArray();
    }

    private static AuditEvent Read(ReadOnlyMemory<byte> body) => EventJson.Read(body, "acme", Noon, "silo-1");
}
