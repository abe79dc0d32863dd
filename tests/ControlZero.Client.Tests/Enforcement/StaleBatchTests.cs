using ControlZero.Client.Tests.Transport;
using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Grpc.Core;

namespace ControlZero.Client.Tests.Enforcement;

/// <summary>Of a batch, what a stale server denies is asked elsewhere, and nothing else is.</summary>
public sealed class StaleBatchTests : SeveralServersTest
{
    private readonly WatchedClock _clock = new();

    [Fact]
    public async Task CheckBatch_SomeStale_AsksThoseElsewhereWithTheSameRequestIds()
    {
        Answer(Servers[0], ("deny", Deny), ("stale", Stale), ("allow", Allow));
        Array.ForEach(Servers[1..], server => Answer(server, ("stale", Allow)));

        var outcomes = await CheckAsync("deny", "stale", "allow", "stale");

        Assert.Equal([false, true, true, true], outcomes.Select(outcome => outcome.Allowed));
        Assert.Equal((1, 1), (Servers[0].Calls.Count, Servers[1].Calls.Count + Servers[2].Calls.Count));
        var all = Servers[0].Received<EnforceBatchRequest>().Single().Requests;
        Assert.Equal([all[1], all[3]], Servers[1..].SelectMany(server => server.Received<EnforceBatchRequest>()).Single().Requests);
        Assert.True(_clock.NoBackOffBegun);
    }

    [Fact]
    public async Task CheckBatch_StaleEverywhere_AsksEachAddressOnceAndIsTheStaleDeny()
    {
        Array.ForEach(Servers, server => Answer(server, ("stale", Stale), ("allow", Allow)));

        var outcomes = await CheckAsync("stale", "allow");

        Assert.Equal(["POLICY_STALE", "RULE_MATCH"], outcomes.Select(outcome => outcome.Decision!.ReasonCode));
        Assert.Equal((false, DecisionSource.Server, TimeSpan.FromSeconds(1)), (outcomes[0].Allowed, outcomes[0].Decision!.Source, outcomes[0].Decision!.RetryAfter));
        Assert.Equal([1, 1, 1], Servers.Select(server => server.Calls.Count));
        Assert.True(_clock.NoBackOffBegun);
    }

    [Fact]
    public async Task CheckBatch_StaleAndTheOthersAway_IsTheStaleDenyWhateverTheOptionsSay()
    {
        Array.ForEach(Servers, server => server.Fail<EnforceBatchRequest>(Answers.Error(StatusCode.Unavailable)));
        Answer(Servers[0], ("stale", Stale), ("lost", Failure(StatusCode.Unavailable)));

        var outcomes = await CheckAsync("stale", "lost");

        Assert.Equal(["POLICY_STALE", "STATE_UNAVAILABLE"], outcomes.Select(outcome => outcome.Decision!.ReasonCode));
        Assert.Equal([false, true], outcomes.Select(outcome => outcome.Allowed));
        Assert.Equal([1, 1, 1], Servers.Select(server => server.Calls.Count));
    }

    [Theory]
    [InlineData(StatusCode.Unavailable)]
    [InlineData(StatusCode.DeadlineExceeded)]
    public async Task CheckBatch_StaleAndTheNextCannotDecideIt_IsTheStaleDenyWhateverTheOptionsSay(StatusCode code)
    {
        Answer(Servers[0], ("stale", Stale));
        Array.ForEach(Servers[1..], server => Answer(server, ("stale", Failure(code))));

        var outcomes = await CheckAsync(attempts: 2, "stale");

        Assert.Equal((false, "POLICY_STALE"), (outcomes[0].Allowed, outcomes[0].Decision!.ReasonCode));
    }

    [Fact]
    public async Task CheckBatch_StaleAnsweredElsewhere_TheRestIsStillRetriedThere()
    {
        var attempts = 0;
        Answer(Servers[0], ("stale", Stale), ("late", Failure(StatusCode.Unavailable)));
        Array.ForEach(Servers[1..], server => server.On<EnforceBatchRequest>(request =>
            Results(request, resource => resource == "late" && ++attempts < 2 ? Failure(StatusCode.Unavailable) : Allow)));

        var check = CheckAsync("stale", "late");
        _clock.Advance(await _clock.NextBackOffAsync());
        var outcomes = await check;

        Assert.Equal([DecisionSource.Server, DecisionSource.Server], outcomes.Select(outcome => outcome.Decision!.Source));
        Assert.Equal([0, 1, 2], Servers.Select(server => server.Calls.Count).Order());
    }

    private static EnforceBatchResult Allow => new() { Response = Answers.Allow() };

    private static EnforceBatchResult Deny => new() { Response = Answers.Deny() };

    private static EnforceBatchResult Stale => new() { Response = Answers.Stale() };

    private static EnforceBatchResult Failure(StatusCode code) => new() { Error = new Google.Rpc.Status { Code = (int)code, Message = "not now" } };

    private static EnforceBatchResponse Results(EnforceBatchRequest request, Func<string, EnforceBatchResult> answer) =>
        new() { Results = { request.Requests.Select(question => answer(question.Resource)) } };

    /// <summary>Answers each question by its resource.</summary>
    private static void Answer(ScriptedCluster server, params (string Resource, EnforceBatchResult Result)[] answers) =>
        server.On<EnforceBatchRequest>(request => Results(request, resource => answers.Single(answer => answer.Resource == resource).Result));

    private Task<IReadOnlyList<EnforceOutcome>> CheckAsync(params string[] resources) => CheckAsync(attempts: 10, resources);

    /// <summary>Asks about an agent that is asked about at the first server first.</summary>
    private Task<IReadOnlyList<EnforceOutcome>> CheckAsync(int attempts, params string[] resources)
    {
        var client = Client(clock: _clock, configure: options => (options.MaxAttempts, options.OnUnavailable) = (attempts, OnUnavailable.Allow));
        return client.CheckBatchAsync([.. resources.Select(resource => About(AgentOf(Servers[0])) with { Resource = resource })]).WaitAsync(WatchedClock.Patience);
    }
}
