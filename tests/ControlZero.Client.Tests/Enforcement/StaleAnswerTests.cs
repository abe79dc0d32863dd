using ControlZero.Client.Tests.Transport;
using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Grpc.Core;

namespace ControlZero.Client.Tests.Enforcement;

/// <summary>A deny of a server that does not know what is in force is not the last word while there are others.</summary>
public sealed class StaleAnswerTests : SeveralServersTest
{
    private readonly WatchedClock _clock = new();
    private readonly TaskCompletionSource _asked = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Check_StaleAddress_AsksTheNextAtOnceWithTheSameQuestion(bool dryRun)
    {
        AllAllow();
        IsStale(Servers[0]);

        var decision = await Client(clock: _clock).EnforceAsync(About(AgentOf(Servers[0])) with { DryRun = dryRun }).WaitAsync(WatchedClock.Patience);

        Assert.Equal(DecisionSource.Server, decision.Source);
        Assert.True(_clock.NoBackOffBegun);
        var second = Assert.Single(Servers.Skip(1), server => server.Calls.Count > 0);
        var question = Assert.Single(Servers[0].Received<EnforceRequest>());
        Assert.Equal(question, Assert.Single(second.Received<EnforceRequest>()));
        Assert.Equal((question.RequestId, dryRun), (decision.RequestId, question.DryRun));
    }

    [Fact]
    public async Task Check_AllStale_AsksEachOnceAndIsTheStaleDeny()
    {
        Array.ForEach(Servers, IsStale);

        var decision = await Client(clock: _clock, configure: options => (options.MaxAttempts, options.OnUnavailable) = (10, OnUnavailable.Allow))
            .CheckAsync(About("agent-1")).WaitAsync(WatchedClock.Patience);

        Assert.Equal(
            (false, "POLICY_STALE", DecisionSource.Server, TimeSpan.FromSeconds(1)),
            (decision.Allowed, decision.ReasonCode, decision.Source, decision.RetryAfter));
        Assert.Equal([1, 1, 1], Servers.Select(server => server.Calls.Count));
        Assert.True(_clock.NoBackOffBegun);
    }

    [Fact]
    public async Task Check_AllStale_SetsNoneAside()
    {
        Array.ForEach(Servers, IsStale);
        var client = Client(clock: _clock);
        await client.CheckAsync(About("agent-1")).WaitAsync(WatchedClock.Patience);
        AllAllow();

        foreach (var server in Servers)
        {
            await client.CheckAsync(About(AgentOf(server))).WaitAsync(WatchedClock.Patience);
        }

        Assert.Equal([2, 2, 2], Servers.Select(server => server.Calls.Count));
    }

    [Fact]
    public async Task Check_OneAddress_TakesTheStaleDeny()
    {
        IsStale(Servers[0]);

        var decision = await Client(Servers[0].Url).CheckAsync(About("agent-1"));

        Assert.Equal("POLICY_STALE", decision.ReasonCode);
        Assert.Single(Servers[0].Calls);
    }

    [Fact]
    public async Task Check_AllStale_AsksNoMoreThanMaxAttempts()
    {
        Array.ForEach(Servers, IsStale);

        var decision = await Client(configure: options => options.MaxAttempts = 2).CheckAsync(About("agent-1"));

        Assert.Equal("POLICY_STALE", decision.ReasonCode);
        Assert.Equal(2, Servers.Sum(server => server.Calls.Count));
    }

    [Fact]
    public async Task Check_OtherDeny_IsNotAskedElsewhere()
    {
        Servers[0].On<EnforceRequest>(_ =>
        {
            var deny = Answers.Stale();
            deny.ReasonCode = "QUOTA_EXCEEDED";
            return deny;
        });

        var decision = await Client().CheckAsync(About(AgentOf(Servers[0])));

        Assert.Equal("QUOTA_EXCEEDED", decision.ReasonCode);
        Assert.Equal((1, 0, 0), (Servers[0].Calls.Count, Servers[1].Calls.Count, Servers[2].Calls.Count));
    }

    [Fact]
    public async Task Check_AddressStaleBefore_IsAskedAgainAfterItsRetryAfterOnly()
    {
        AllAllow();
        IsStale(Servers[0]);
        var query = About(AgentOf(Servers[0]));
        var client = Client(clock: _clock);
        await client.CheckAsync(query).WaitAsync(WatchedClock.Patience);
        AllAllow();

        _clock.Advance(TimeSpan.FromMilliseconds(999));
        await client.CheckAsync(query).WaitAsync(WatchedClock.Patience);
        Assert.Single(Servers[0].Calls);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await client.CheckAsync(query).WaitAsync(WatchedClock.Patience);
        await client.CheckAsync(query).WaitAsync(WatchedClock.Patience);

        Assert.Equal(3, Servers[0].Calls.Count);
    }

    [Theory]
    [InlineData(OnUnavailable.Deny)]
    [InlineData(OnUnavailable.Allow)]
    public async Task Check_StaleAndTheOthersAway_IsTheStaleDenyWhateverTheOptionsSay(OnUnavailable choice)
    {
        Array.ForEach(Servers, server => server.Fail<EnforceRequest>(Answers.Error(StatusCode.Unavailable)));
        IsStale(Servers[0]);

        var decision = await Client(clock: _clock, configure: options => (options.MaxAttempts, options.OnUnavailable) = (10, choice))
            .CheckAsync(About(AgentOf(Servers[0]))).WaitAsync(WatchedClock.Patience);

        Assert.Equal((false, "POLICY_STALE"), (decision.Allowed, decision.ReasonCode));
        Assert.Equal([1, 1, 1], Servers.Select(server => server.Calls.Count));
        Assert.True(_clock.NoBackOffBegun);
    }

    [Fact]
    public async Task Check_OneAwayOneStale_AsksTheThird()
    {
        Servers[0].Fail<EnforceRequest>(Answers.Error(StatusCode.Unavailable));
        var agent = AgentOf(Servers[0]);
        var isFirst = true;
        foreach (var server in Servers[1..])
        {
            server.On<EnforceRequest>(_ =>
            {
                var answer = isFirst ? Answers.Stale() : Answers.Allow();
                isFirst = false;
                return answer;
            });
        }

        Assert.True((await Client().CheckAsync(About(agent))).Allowed);
        Assert.Equal([1, 1, 1], Servers.Select(server => server.Calls.Count));
    }

    [Fact]
    public async Task Check_StaleAndTheNextRefuses_IsRefused()
    {
        Array.ForEach(Servers, server => server.Fail<EnforceRequest>(Answers.Error(StatusCode.Unauthenticated)));
        IsStale(Servers[0]);

        var error = await Assert.ThrowsAsync<ControlZeroException>(() => Client().CheckAsync(About(AgentOf(Servers[0]))));

        Assert.Equal(StatusCode.Unauthenticated, error.StatusCode);
        Assert.Equal(2, Servers.Sum(server => server.Calls.Count));
    }

    [Fact]
    public async Task Check_StaleAndTheNextSilent_IsTheStaleDenyWhenTheTimeOfTheCallIsUp()
    {
        Array.ForEach(Servers, IsSilent);
        IsStale(Servers[0], before: () => _clock.Advance(Patience / 2));

        var check = Client(clock: _clock, configure: options => options.OnUnavailable = OnUnavailable.Allow).CheckAsync(About(AgentOf(Servers[0])));
        await _asked.Task.WaitAsync(WatchedClock.Patience);
        _clock.Advance(Patience / 2);
        var decision = await check.WaitAsync(WatchedClock.Patience);

        Assert.Equal((false, "POLICY_STALE"), (decision.Allowed, decision.ReasonCode));
        var second = Assert.Single(Assert.Single(Servers[1..], server => server.Calls.Count > 0).Calls);
        Assert.True(second.Deadline < Servers[0].Calls[0].Deadline, "the next address was given more time than was left");
    }

    [Fact]
    public async Task Check_StaleAndTheCallerGoes_IsCancelled()
    {
        Array.ForEach(Servers, IsSilent);
        IsStale(Servers[0]);
        using var gone = new CancellationTokenSource();

        var check = Client().CheckAsync(About(AgentOf(Servers[0])), gone.Token);
        await _asked.Task.WaitAsync(WatchedClock.Patience);
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => check.WaitAsync(WatchedClock.Patience));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Check_StaleAnswerNamesTheOwner_AsksThatOneNextAndFromThenOn(int owner)
    {
        AllAllow();
        IsStale(Servers[0], Servers[owner]);
        var client = Client();
        var query = About(AgentOf(Servers[0]));

        Assert.True((await client.CheckAsync(query)).Allowed);
        Assert.True((await client.CheckAsync(query)).Allowed);

        Assert.Equal((1, 2), (Servers[0].Calls.Count, Servers[owner].Calls.Count));
    }

    [Fact]
    public async Task Check_OwnerIsStale_AsksNobodyWhoWouldOnlyAskTheOwner()
    {
        IsStale(Servers[0]);
        IsStale(Servers[1], Servers[0]);
        IsStale(Servers[2], Servers[0]);

        var decision = await Client().CheckAsync(About(AgentOf(Servers[0])));

        Assert.Equal("POLICY_STALE", decision.ReasonCode);
        Assert.Equal((1, 1), (Servers[0].Calls.Count, Servers[1].Calls.Count + Servers[2].Calls.Count));
    }

    [Fact]
    public async Task Stream_StaleAnswer_IsAskedElsewhereBySingleCallsWithTheSameQuestion()
    {
        AllAllow();
        Servers[0].On<EnforceStreamRequest>(_ => new EnforceStreamResponse { Response = Answers.Stale() });
        await using var stream = Client().OpenStream();

        var decision = await stream.CheckAsync(About(AgentOf(Servers[0])));

        Assert.True(decision.Allowed);
        Assert.True(stream.IsOpen);
        Assert.Empty(Servers[0].Received<EnforceRequest>());
        var second = Assert.Single(Servers[1..], server => server.Calls.Count > 0);
        Assert.Equal(Assert.Single(Servers[0].Received<EnforceStreamRequest>()).Enforce, Assert.Single(second.Received<EnforceRequest>()));
    }

    [Fact]
    public async Task Stream_StaleAnswerAndTheOthersToo_IsTheStaleDeny()
    {
        Array.ForEach(Servers, IsStale);
        Servers[0].On<EnforceStreamRequest>(_ => new EnforceStreamResponse { Response = Answers.Stale() });
        await using var stream = Client(configure: options => (options.MaxAttempts, options.OnUnavailable) = (10, OnUnavailable.Allow)).OpenStream();

        var decision = await stream.CheckAsync(About(AgentOf(Servers[1])));

        Assert.Equal((false, "POLICY_STALE"), (decision.Allowed, decision.ReasonCode));
        Assert.Equal([1, 1, 1], Servers.Select(server => server.Calls.Count));
    }

    [Fact]
    public async Task Stream_StaleAnswerAndTheOthersAway_IsTheStaleDenyWhateverTheOptionsSay()
    {
        Array.ForEach(Servers, server => server.Fail<EnforceRequest>(Answers.Error(StatusCode.Unavailable)));
        Servers[0].On<EnforceStreamRequest>(_ => new EnforceStreamResponse { Response = Answers.Stale() });
        await using var stream = Client(clock: _clock, configure: options => (options.MaxAttempts, options.OnUnavailable) = (10, OnUnavailable.Allow)).OpenStream();

        var decision = await stream.CheckAsync(About(AgentOf(Servers[1]))).WaitAsync(WatchedClock.Patience);

        Assert.Equal((false, "POLICY_STALE"), (decision.Allowed, decision.ReasonCode));
        Assert.Equal([1, 1, 1], Servers.Select(server => server.Calls.Count));
        Assert.True(_clock.NoBackOffBegun);
    }

    [Fact]
    public async Task Stream_StaleAnswerOfTheOnlyAddress_IsTheStaleDeny()
    {
        Servers[0].On<EnforceStreamRequest>(_ => new EnforceStreamResponse { Response = Answers.Stale() });
        await using var stream = Client(Servers[0].Url).OpenStream();

        Assert.Equal("POLICY_STALE", (await stream.CheckAsync(About("agent-1"))).ReasonCode);
        Assert.Single(Servers[0].Calls);
    }

    private static void IsStale(ScriptedCluster server) => IsStale(server, owner: null);

    private static void IsStale(ScriptedCluster server, ScriptedCluster? owner = null, Action? before = null) => server.On<EnforceRequest>(async (_, context) =>
    {
        before?.Invoke();
        if (owner is not null)
        {
            await context.WriteResponseHeadersAsync(new Metadata { { "controlzero-owner", owner.Authority } });
        }

        return Answers.Stale();
    });

    private void IsSilent(ScriptedCluster server) => server.On<EnforceRequest>(async (_, context) =>
    {
        _asked.TrySetResult();
        await Task.Delay(System.Threading.Timeout.InfiniteTimeSpan, TimeProvider.System, context.CancellationToken);
        return Answers.Allow();
    });
}
