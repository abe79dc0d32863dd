using ControlZero.Client.Tests.Transport;
using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Grpc.Core;

namespace ControlZero.Client.Tests.Enforcement;

public sealed class BatchTests : ClientTest
{
    private static readonly EnforceQuery Query = new() { Action = "llm.generate" };

    [Fact]
    public async Task CheckBatch_EachWithItsOwnResult_OutcomesAreInOrder()
    {
        Answer(("allow", Allow), ("deny", Deny), ("wrong", Failure(StatusCode.InvalidArgument)));

        var outcomes = await Client().CheckBatchAsync(Queries("wrong", "allow", "deny", "allow"));

        Assert.Equal([false, true, false, true], outcomes.Select(outcome => outcome.Allowed));
        Assert.Equal((StatusCode.InvalidArgument, "ID_SYNTAX", "it is wrong"), (outcomes[0].Error!.StatusCode, outcomes[0].Error!.Reason, outcomes[0].Error!.Message));
        Assert.Null(outcomes[0].Decision);
        Assert.Equal(("NO_RULE_MATCH", DecisionSource.Server), (outcomes[2].Decision!.ReasonCode, outcomes[2].Decision!.Source));
        Assert.All(outcomes.Skip(1), outcome => Assert.Null(outcome.Error));
    }

    [Fact]
    public async Task CheckBatch_Questions_AreSentInOneMessageAsTheyWouldBeAlone()
    {
        Answer(("one", Allow), ("two", Allow));

        var outcomes = await Client().CheckBatchAsync(
        [
            Query with { Resource = "one", RequestId = "mine-1", AgentId = "agent-2", DryRun = true },
            Query with { Resource = "two", CandidateResources = ["three"], Context = new Dictionary<string, object?> { ["team"] = "red" } },
        ]);

        var sent = Assert.Single(Cluster.Received<EnforceBatchRequest>()).Requests;
        Assert.Equal(("mine-1", "agent-2", true), (sent[0].RequestId, sent[0].AgentId, sent[0].DryRun));
        Assert.Equal(("agent-1", "red"), (sent[1].AgentId, sent[1].Context.Fields["team"].StringValue));
        Assert.Equal(["three"], sent[1].CandidateResources);
        Assert.Equal(sent.Select(request => request.RequestId), outcomes.Select(outcome => outcome.Decision!.RequestId));
        Assert.True(Guid.TryParse(sent[1].RequestId, out _));
    }

    [Theory]
    [InlineData(OnUnavailable.Deny, StatusCode.Unavailable)]
    [InlineData(OnUnavailable.Deny, StatusCode.DeadlineExceeded)]
    [InlineData(OnUnavailable.Allow, StatusCode.Unavailable)]
    [InlineData(OnUnavailable.Allow, StatusCode.DeadlineExceeded)]
    public async Task CheckBatch_NoDecisionForTheCall_TheClientDecidesEach(OnUnavailable choice, StatusCode code)
    {
        Cluster.Fail<EnforceBatchRequest>(Answers.Error(code, "the disk is full"));

        var outcomes = await Client(options => (options.OnUnavailable, options.MaxAttempts) = (choice, 1)).CheckBatchAsync(Queries("one", "two"));

        Assert.Equal(2, outcomes.Count);
        Assert.All(outcomes, outcome => Assert.Equal(
            (choice == OnUnavailable.Allow, "STATE_UNAVAILABLE", DecisionSource.Client, $"no decision arrived from `{Cluster.Url}`: the disk is full"),
            (outcome.Allowed, outcome.Decision!.ReasonCode, outcome.Decision.Source, outcome.Decision.Reason)));
    }

    [Theory]
    [InlineData(OnUnavailable.Deny, StatusCode.Unavailable)]
    [InlineData(OnUnavailable.Deny, StatusCode.DeadlineExceeded)]
    [InlineData(OnUnavailable.Allow, StatusCode.Unavailable)]
    [InlineData(OnUnavailable.Allow, StatusCode.DeadlineExceeded)]
    public async Task CheckBatch_NoDecisionForOneQuestion_TheClientDecidesThatOne(OnUnavailable choice, StatusCode code)
    {
        Answer(("deny", Deny), ("lost", Failure(code)));

        var outcomes = await Client(options => (options.OnUnavailable, options.MaxAttempts) = (choice, 1)).CheckBatchAsync(Queries("deny", "lost"));

        Assert.Equal([DecisionSource.Server, DecisionSource.Client], outcomes.Select(outcome => outcome.Decision!.Source));
        Assert.Equal([false, choice == OnUnavailable.Allow], outcomes.Select(outcome => outcome.Allowed));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task CheckBatch_AsManyAnswersAsNobodyAskedFor_IsADenyOfEach(int answers)
    {
        Cluster.On<EnforceBatchRequest>(_ => new EnforceBatchResponse { Results = { Enumerable.Repeat(Allow, answers) } });

        var outcomes = await Client(options => options.OnUnavailable = OnUnavailable.Allow).CheckBatchAsync(Queries("one", "two"));

        Assert.Equal(["STATE_UNAVAILABLE", "STATE_UNAVAILABLE"], outcomes.Select(outcome => outcome.Decision!.ReasonCode));
        Assert.All(outcomes, outcome => Assert.False(outcome.Allowed));
    }

    [Fact]
    public async Task CheckBatch_ResultThatIsNeither_IsADenyWhateverTheOptionsSay()
    {
        Answer(("empty", new EnforceBatchResult()), ("allow", Allow));

        var outcomes = await Client(options => options.OnUnavailable = OnUnavailable.Allow).CheckBatchAsync(Queries("empty", "allow"));

        Assert.Equal([false, true], outcomes.Select(outcome => outcome.Allowed));
    }

    [Fact]
    public async Task CheckBatch_ObligationNotHonoured_IsADenyOfThatOne()
    {
        Answer(("plain", Allow), ("obliged", new EnforceBatchResult { Response = Answers.Allow(new Obligation { Name = "redact_output" }) }));

        var outcomes = await Client().CheckBatchAsync(Queries("plain", "obliged"));

        Assert.Equal(["RULE_MATCH", "OBLIGATION_UNKNOWN"], outcomes.Select(outcome => outcome.Decision!.ReasonCode));
        Assert.False(outcomes[1].Allowed);
    }

    [Fact]
    public async Task CheckBatch_CallUnavailable_AsksAllAgainWithTheSameRequestIds()
    {
        var clock = new WatchedClock();
        var attempts = 0;
        Cluster.On<EnforceBatchRequest>(request => ++attempts < 2 ? throw Answers.Error(StatusCode.Unavailable) : Results(request, _ => Allow));

        var check = Client(clock: clock).CheckBatchAsync(Queries("one", "two"));
        clock.Advance(await clock.NextBackOffAsync());
        var outcomes = await check.WaitAsync(WatchedClock.Patience);

        Assert.All(outcomes, outcome => Assert.True(outcome.Allowed));
        var sent = Cluster.Received<EnforceBatchRequest>();
        Assert.Equal(2, sent.Count);
        Assert.Equal(sent[0], sent[1]);
    }

    [Fact]
    public async Task CheckBatch_OneQuestionUnavailable_AsksOnlyThatOneAgain()
    {
        var clock = new WatchedClock();
        var attempts = 0;
        Cluster.On<EnforceBatchRequest>(request => ++attempts < 2
            ? Results(request, resource => resource == "late" ? Failure(StatusCode.Unavailable) : Deny)
            : Results(request, _ => Allow));

        var check = Client(clock: clock).CheckBatchAsync(Queries("first", "late", "last"));
        clock.Advance(await clock.NextBackOffAsync());
        var outcomes = await check.WaitAsync(WatchedClock.Patience);

        Assert.Equal([false, true, false], outcomes.Select(outcome => outcome.Allowed));
        var sent = Cluster.Received<EnforceBatchRequest>();
        Assert.Equal([sent[0].Requests[1]], sent[1].Requests);
    }

    [Fact]
    public async Task CheckBatch_UnavailableAlways_StopsAtMaxAttempts()
    {
        var clock = new WatchedClock();
        Answer(("one", Failure(StatusCode.Unavailable)));

        var check = Client(clock: clock).CheckBatchAsync(Queries("one"));
        clock.Advance(await clock.NextBackOffAsync());
        clock.Advance(await clock.NextBackOffAsync());
        var outcomes = await check.WaitAsync(WatchedClock.Patience);

        Assert.Equal("STATE_UNAVAILABLE", Assert.Single(outcomes).Decision!.ReasonCode);
        Assert.Equal(3, Cluster.Calls.Count);
    }

    private static EnforceBatchResult Allow => new() { Response = Answers.Allow() };

    private static EnforceBatchResult Deny => new() { Response = Answers.Deny() };

    private static EnforceBatchResult Failure(StatusCode code) =>
        new() { Error = Answers.Error(code, "it is wrong", "ID_SYNTAX").GetRpcStatus() };

    private static EnforceQuery[] Queries(params string[] resources) => [.. resources.Select(resource => Query with { Resource = resource })];

    private static EnforceBatchResponse Results(EnforceBatchRequest request, Func<string, EnforceBatchResult> answer) =>
        new() { Results = { request.Requests.Select(question => answer(question.Resource)) } };

    /// <summary>Answers each question by its resource.</summary>
    private void Answer(params (string Resource, EnforceBatchResult Result)[] answers) =>
        Cluster.On<EnforceBatchRequest>(request => Results(request, resource => answers.Single(answer => answer.Resource == resource).Result));
}
