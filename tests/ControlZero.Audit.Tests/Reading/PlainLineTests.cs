using System.Text;
using ControlZero.Audit.Format.Events;
using ControlZero.Audit.Reading;

namespace ControlZero.Audit.Tests.Reading;

/// <summary>What the quick reader takes out of a line is what a JSON reader takes out of it.</summary>
public sealed class PlainLineTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 27, 12, 0, 0, 123, TimeSpan.Zero);

    [Fact]
    public void Line_AsItIsWritten_IsPlainAndGivesTheSameEntry()
    {
        var random = new Random(20261128);
        for (var number = 0; number < 2_000; number++)
        {
            var line = Line(Make(number, random, odd: false), number);
            var tenant = "before";

            var plain = new PlainLine(line);
            Assert.True(plain.TryIndex(4711, ref tenant, out var entry));
            Assert.True(LineReader.TryIndexAny(line, 4711, out var expectedTenant, out var expected, out var expectedAgent));
            Assert.Equal((expectedTenant, expected), (tenant, entry));
            Assert.Equal(expectedAgent, plain.Agent);
        }
    }

    [Fact]
    public void Line_ChangedOrCut_GivesWhatAJsonReaderFindsInIt()
    {
        var random = new Random(20261129);
        var (same, neither) = (0, 0);
        for (var number = 0; number < 20_000; number++)
        {
            var line = Line(Make(number, random, odd: number % 2 == 0), number);
            if (number % 3 != 0)
            {
                line[random.Next(line.Length)] = (byte)"\"\\{}[],: x0"[random.Next(11)];
            }

            var part = line.AsSpan(0, number % 3 == 1 ? line.Length : random.Next(line.Length + 1));
            var tenant = "before";
            var isTaken = LineReader.TryIndex(part, 0, ref tenant, out var entry, out var agent);

            if (LineReader.TryIndexAny(part, 0, out var expectedTenant, out var expected, out var expectedAgent))
            {
                Assert.True(isTaken, Encoding.UTF8.GetString(part));
                Assert.Equal((expectedTenant, expected), (tenant, entry));
                Assert.Equal(expectedAgent, agent);
                same++;
            }
            else if (!isTaken)
            {
                neither++;
            }
        }

        Assert.InRange(same, 1_000, 19_000);
        Assert.InRange(neither, 1_000, 19_000);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"kind\":\"gap\",\"seq\":1}")]
    [InlineData("{\"kind\":\"event\",\"seq\":1,\"event\":{}}")]
    [InlineData("{\"kind\":\"event\",\"tenant\":\"acme\",\"event\":{\"agent\":\"a\"}")]
    [InlineData("{\"seq\":9223372036854775808,\"kind\":\"event\",\"tenant\":\"acme\",\"event\":{}}")]
    public void Line_ThatIsNoEvent_IsNone(string line)
    {
        var tenant = "before";
        Assert.False(LineReader.TryIndex(Encoding.UTF8.GetBytes(line), 0, ref tenant, out _));
    }

    private static byte[] Line(AuditEvent audited, int number)
    {
        var body = new EventBuffer();
        EventJson.Write(audited, body);
        return Encoding.UTF8.GetBytes(
            $"{{\"hash\":\"{number:x64}\",\"prev\":\"{number + 1:x64}\",\"salt\":\"{number:x32}\",\"seq\":{number},\"kind\":\"event\","
            + $"\"time\":\"{audited.Time:yyyy-MM-ddTHH:mm:ss.fffffffZ}\",\"tenant\":\"{audited.Tenant}\",\"event\":{Encoding.UTF8.GetString(body.Between(0, body.Length).Span)}}}");
    }

    private static AuditEvent Make(int number, Random random, bool odd) => new()
    {
        Kind = AuditEventKind.Decision,
        DecisionId = $"01J{number:D23}",
        Time = Noon.AddTicks(number),
        Tenant = $"tenant-{random.Next(4)}",
        Agent = odd && random.Next(2) == 0 ? "a \"quoted\" one\n" : $"agent-{random.Next(50)}",
        RequestId = $"request-{number}",
        Action = "llm.generate",
        Resource = random.Next(3) switch { 0 => "", 1 => "tool/search", _ => $"model/openai/gpt-{random.Next(9)}" },
        Candidates = odd && random.Next(5) == 0 ? ["model/a", "model/b"] : [],
        Context = odd && random.Next(4) == 0 ? [new("agent", "not the agent"), new("kind", "}")] : [],
        Allowed = random.Next(2) == 0,
        Effect = random.Next(3) == 0 ? "deny" : "allow",
        ReasonCode = "RULE_MATCHED",
        Reason = "allowed by `rule-2`, \"said\" \\ by ",
        Policy = random.Next(3) == 0 ? "" : $"policy-{random.Next(5)}",
        PolicyVersion = random.Next(3),
        PolicyEpoch = 7,
        RuleId = random.Next(3) == 0 ? "" : $"rule-{random.Next(5)}",
        RuleIndex = random.Next(2) == 0 ? null : random.Next(9),
        EvaluatedRules = random.Next(9),
        Charged = random.Next(3) == 0 ? [new("policy-9", "daily", "requests", 1), new("policy-9", "usd", "cost_usd", 12)] : [],
        KeyId = "key-1",
        Silo = "one",
    };
}
