using ControlZero.Client;

namespace ControlZero.Integration.Tests.Limits;

/// <summary>An open stream against a server that charges: what it reserves it settles and gives back, and the figures are exact.</summary>
public sealed class StreamLimitTests(LimitedServer limited) : IClassFixture<LimitedServer>
{
    [Fact]
    public async Task Calls_OverOneStream_AreReservedSettledAndGivenBack()
    {
        const string Agent = "streamed";
        await using var client = limited.Server.Connect();
        await using var stream = client.OpenStream();
        var query = new EnforceQuery { AgentId = Agent, Action = "llm.generate", Resource = $"model/{LimitedServer.Model}", Estimate = new EnforceEstimate { InputTokens = 3, MaxOutputTokens = 7 } };

        // 30 at once hold 300 of 1,000 tokens; half of them use 7, the others none.
        var held = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => stream.EnforceAsync(query)));
        Assert.Equal(300, (await limited.UsedAsync(Agent)).Tokens);
        var ended = await Task.WhenAll(held.Select((decision, number) => number % 2 == 0
            ? stream.SettleAsync(new Settlement { Token = decision.Reservation!.Token, AgentId = Agent, Usage = new CallUsage { InputTokens = 3, OutputTokens = 4 } })
            : stream.CancelAsync(decision.Reservation!.Token, Agent)));
        var again = await stream.SettleAsync(
            new Settlement { Token = held[0].Reservation!.Token, AgentId = Agent, Usage = new CallUsage { InputTokens = 3, OutputTokens = 4 } });
        var other = await Assert.ThrowsAsync<ControlZeroException>(() => stream.SettleAsync(
            new Settlement { Token = held[0].Reservation!.Token, AgentId = Agent, Usage = new CallUsage { InputTokens = 3, OutputTokens = 5 } }));
        var denied = await Assert.ThrowsAsync<PolicyDeniedException>(() => stream.EnforceAsync(query with { Estimate = new EnforceEstimate { InputTokens = 900 } }));

        Assert.All(ended, outcome => Assert.False(outcome.Late || outcome.Replayed || outcome.Overrun));
        Assert.Equal((15 * 7, 15 * LimitedServer.Cost), await limited.UsedAsync(Agent));
        Assert.Equal((true, Grpc.Core.StatusCode.AlreadyExists, "QUOTA_EXCEEDED"), (again.Replayed, other.StatusCode, denied.Decision.ReasonCode));
        Assert.True(stream.IsOpen);
        var events = await limited.EventsAsync(Agent);
        Assert.Equal((30, 16, 15), (events.Count(code => code == "RULE_MATCH"), events.Count(code => code == "SETTLED"), events.Count(code => code == "CANCELLED")));
    }
}
