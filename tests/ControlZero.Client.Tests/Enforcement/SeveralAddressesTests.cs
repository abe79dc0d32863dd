using ControlZero.Client.Routing;
using ControlZero.Client.Tests.Transport;
using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Grpc.Core;

namespace ControlZero.Client.Tests.Enforcement;

/// <summary>Whom a client asks that knows several addresses.</summary>
public sealed class SeveralAddressesTests : SeveralServersTest
{
    private readonly WatchedClock _clock = new();

    [Fact]
    public async Task Check_ManyAgents_EachKeepsToItsFirstAddressInEveryClient()
    {
        AllAllow();
        var agents = Enumerable.Range(0, 60).Select(index => $"agent-{index}").ToList();

        foreach (var client in new[] { Client(), Client(), Client(string.Join(',', Servers.Reverse().Select(server => server.Url))) })
        {
            foreach (var agent in agents)
            {
                await client.CheckAsync(About(agent));
            }
        }

        Assert.All(Servers, server => Assert.Equal(
            agents.Where(agent => First(agent) == server), server.Received<EnforceRequest>().Select(request => request.AgentId).Distinct()));
        Assert.All(Servers, server => Assert.NotEmpty(server.Calls));
        Assert.Equal(180, Servers.Sum(server => server.Calls.Count));
    }

    [Fact]
    public async Task Check_AnswerNamesTheOwner_AsksThatOneFromThenOn()
    {
        var (first, owner) = (Servers[0], Servers[2]);
        AllAllow();
        first.On<EnforceRequest>((_, context) => AllowNaming(owner.Authority, context));
        var agent = AgentOf(first);
        var client = Client();

        await client.CheckAsync(About(agent));
        await client.CheckAsync(About(agent));
        await client.CheckAsync(About(agent));

        Assert.Equal((1, 0, 2), (Servers[0].Calls.Count, Servers[1].Calls.Count, Servers[2].Calls.Count));
    }

    [Theory]
    [InlineData("10.9.8.7:5050")]
    [InlineData("not an address")]
    public async Task Check_AnswerNamesAnUnknownOwner_StaysWhereItIs(string owner)
    {
        AllAllow();
        Servers[0].On<EnforceRequest>((_, context) => AllowNaming(owner, context));
        var client = Client();

        var first = await client.CheckAsync(About(AgentOf(Servers[0])));
        await client.CheckAsync(About(AgentOf(Servers[0])));

        Assert.True(first.Allowed);
        Assert.Equal((2, 0, 0), (Servers[0].Calls.Count, Servers[1].Calls.Count, Servers[2].Calls.Count));
    }

    [Fact]
    public async Task Check_AddressUnavailable_AsksTheNextAtOnceWithTheSameRequestId()
    {
        AllAllow();
        Servers[0].Fail<EnforceRequest>(Answers.Error(StatusCode.Unavailable));
        var agent = AgentOf(Servers[0]);

        var decision = await Client(clock: _clock).CheckAsync(About(agent)).WaitAsync(WatchedClock.Patience);

        Assert.True(decision.Allowed);
        Assert.True(_clock.NoBackOffBegun);
        var second = Assert.Single(Servers.Skip(1), server => server.Calls.Count > 0);
        Assert.Equal(Assert.Single(Servers[0].Received<EnforceRequest>()), Assert.Single(second.Received<EnforceRequest>()));
    }

    [Fact]
    public async Task Check_AddressFailedBefore_IsAskedAgainAfterItsBackOffOnly()
    {
        AllAllow();
        Servers[0].Fail<EnforceRequest>(Answers.Error(StatusCode.Unavailable));
        var query = About(AgentOf(Servers[0]));
        var client = Client(clock: _clock);
        await client.CheckAsync(query).WaitAsync(WatchedClock.Patience);
        Servers[0].On<EnforceRequest>(_ => Answers.Allow());

        await client.CheckAsync(query).WaitAsync(WatchedClock.Patience);
        Assert.Single(Servers[0].Calls);
        _clock.Advance(Standing.FirstBackOff);
        await client.CheckAsync(query).WaitAsync(WatchedClock.Patience);
        await client.CheckAsync(query).WaitAsync(WatchedClock.Patience);

        Assert.Equal(3, Servers[0].Calls.Count);
    }

    [Fact]
    public async Task Check_SilentAddress_IsNotAskedAgainByTheSameCallButSetAsideForOthers()
    {
        AllAllow();
        var asked = new TaskCompletionSource();
        Servers[0].On<EnforceRequest>(async (_, context) =>
        {
            asked.TrySetResult();
            await Task.Delay(System.Threading.Timeout.InfiniteTimeSpan, TimeProvider.System, context.CancellationToken);
            return Answers.Allow();
        });
        var query = About(AgentOf(Servers[0]));
        var client = Client(clock: _clock);

        var silent = client.CheckAsync(query);
        await asked.Task.WaitAsync(WatchedClock.Patience);
        _clock.Advance(Patience);
        var denied = await silent.WaitAsync(WatchedClock.Patience);
        var next = await client.CheckAsync(query).WaitAsync(WatchedClock.Patience);

        Assert.Equal((false, DecisionSource.Client), (denied.Allowed, denied.Source));
        Assert.Equal((true, DecisionSource.Server), (next.Allowed, next.Source));
        Assert.Equal([1, 1], Servers.Select(server => server.Calls.Count).Where(count => count > 0));
    }

    [Theory]
    [InlineData(StatusCode.Internal)]
    [InlineData(StatusCode.ResourceExhausted)]
    [InlineData(StatusCode.Unauthenticated)]
    public async Task Check_AnyOtherError_IsNotAskedElsewhere(StatusCode code)
    {
        AllAllow();
        Servers[0].Fail<EnforceRequest>(Answers.Error(code));
        var client = Client();

        for (var call = 0; call < 2; call++)
        {
            await Assert.ThrowsAsync<ControlZeroException>(() => client.CheckAsync(About(AgentOf(Servers[0]))));
        }

        Assert.Equal((2, 0, 0), (Servers[0].Calls.Count, Servers[1].Calls.Count, Servers[2].Calls.Count));
    }

    [Fact]
    public async Task Check_AllUnavailable_PausesOnceRoundAndStopsAtMaxAttempts()
    {
        Array.ForEach(Servers, server => server.Fail<EnforceRequest>(Answers.Error(StatusCode.Unavailable, "gone")));

        var check = Client(clock: _clock, configure: options => options.MaxAttempts = 5).CheckAsync(About("agent-1"));
        _clock.Advance(await _clock.NextBackOffAsync());
        var decision = await check.WaitAsync(WatchedClock.Patience);

        Assert.Equal((false, "STATE_UNAVAILABLE", DecisionSource.Client), (decision.Allowed, decision.ReasonCode, decision.Source));
        Assert.Equal($"no decision arrived from `{Urls}`: gone", decision.Reason);
        Assert.True(_clock.NoBackOffBegun);
        Assert.Equal([1, 2, 2], Servers.Select(server => server.Calls.Count).Order());
    }

    [Fact]
    public async Task CheckBatch_Questions_GoWhereTheFirstAgentIsAskedAndOnWhenThatFails()
    {
        Servers[1].Fail<EnforceBatchRequest>(Answers.Error(StatusCode.Unavailable));
        foreach (var server in new[] { Servers[0], Servers[2] })
        {
            server.On<EnforceBatchRequest>(request => new EnforceBatchResponse
            {
                Results = { request.Requests.Select(_ => new EnforceBatchResult { Response = Answers.Allow() }) },
            });
        }

        var outcomes = await Client().CheckBatchAsync([About(AgentOf(Servers[1])), About(AgentOf(Servers[0])), About(AgentOf(Servers[2]))]);

        Assert.Equal([true, true, true], outcomes.Select(outcome => outcome.Allowed));
        Assert.Equal((1, 2), (Servers[1].Calls.Count, Servers.Sum(server => server.Calls.Count)));
    }
}
