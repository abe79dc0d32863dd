using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Grpc.Core;

namespace ControlZero.Client.Tests.Enforcement;

public sealed class BatchMistakeTests : ClientTest
{
    private static readonly EnforceQuery Query = new() { Action = "llm.generate" };

    [Fact]
    public async Task CheckBatch_256Questions_AreSent()
    {
        AllowAll();

        var outcomes = await Client().CheckBatchAsync([.. Enumerable.Repeat(Query, 256)]);

        Assert.Equal(256, outcomes.Count);
        Assert.Equal(256, Cluster.Received<EnforceBatchRequest>().Single().Requests.Select(request => request.RequestId).Distinct().Count());
    }

    [Fact]
    public async Task CheckBatch_257Questions_AreRefusedWithTheLimit()
    {
        var error = await Assert.ThrowsAsync<ControlZeroException>(() => Client().CheckBatchAsync([.. Enumerable.Repeat(Query, 257)]));

        Assert.Equal((StatusCode.InvalidArgument, "TOO_MANY"), (error.StatusCode, error.Reason));
        Assert.Equal("the batch has 257 questions, 256 are allowed; ask them in several batches", error.Message);
        Assert.Empty(Cluster.Calls);
    }

    [Fact]
    public async Task CheckBatch_NoQuestions_SendsNothing()
    {
        var outcomes = await Client(options => options.AgentId = null).CheckBatchAsync([]);

        Assert.Empty(outcomes);
        Assert.Empty(Cluster.Calls);
    }

    [Fact]
    public async Task CheckBatch_ContextThatCannotBeSent_NamesTheQuestionAndSendsNothing()
    {
        var wrong = Query with { Context = new Dictionary<string, object?> { ["when"] = new Uri("http://x") } };

        var error = await Assert.ThrowsAsync<ArgumentException>(() => Client().CheckBatchAsync([Query, wrong]));

        Assert.StartsWith("`queries[1].context.when`: ", error.Message, StringComparison.Ordinal);
        Assert.Empty(Cluster.Calls);
    }

    [Fact]
    public async Task CheckBatch_QuestionThatIsNull_NamesItsPlace()
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(() => Client().CheckBatchAsync([Query, null!]));

        Assert.StartsWith("`queries[1]` is null", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StatusCode.Unauthenticated)]
    [InlineData(StatusCode.ResourceExhausted)]
    public async Task CheckBatch_ErrorOfTheCallThatIsNoOutage_ThrowsThoughTheProgramSaysAllow(StatusCode code)
    {
        Cluster.Fail<EnforceBatchRequest>(Answers.Error(code));

        var error = await Assert.ThrowsAsync<ControlZeroException>(
            () => Client(options => options.OnUnavailable = OnUnavailable.Allow).CheckBatchAsync([Query]));

        Assert.Equal(code, error.StatusCode);
    }

    [Fact]
    public async Task CheckBatch_NoAgentForOne_IsAnErrorOfThatOne()
    {
        AllowAll();
        Cluster.On<GetStatusRequest>(_ => Answers.Status("team-*"));

        var outcomes = await Client(options => options.AgentId = null).CheckBatchAsync([Query, Query with { AgentId = "agent-2" }]);

        Assert.Equal([false, true], outcomes.Select(outcome => outcome.Allowed));
        Assert.Equal("agent_id", Assert.Single(outcomes[0].Error!.Violations).Field);
        Assert.Equal("agent-2", Assert.Single(Cluster.Received<EnforceBatchRequest>().Single().Requests).AgentId);
    }

    [Fact]
    public async Task CheckBatch_NoAgentForAny_AsksNothing()
    {
        Cluster.On<GetStatusRequest>(_ => Answers.Status());

        var outcomes = await Client(options => options.AgentId = null).CheckBatchAsync([Query, Query]);

        Assert.All(outcomes, outcome => Assert.Equal("FIELD_REQUIRED", outcome.Error!.Reason));
        Assert.Empty(Cluster.Received<EnforceBatchRequest>());
    }

    [Fact]
    public async Task CheckBatch_AgentOfTheKey_IsThatOfTheQuestionsThatNameNone()
    {
        AllowAll();
        Cluster.On<GetStatusRequest>(_ => Answers.Status("agent-9"));

        await Client(options => options.AgentId = null).CheckBatchAsync([Query, Query with { AgentId = "agent-2" }]);

        Assert.Equal(["agent-9", "agent-2"], Cluster.Received<EnforceBatchRequest>().Single().Requests.Select(request => request.AgentId));
    }

    [Fact]
    public async Task CheckBatch_AgentOfTheKeyCannotBeAskedFor_IsADenyOfEach()
    {
        Cluster.Fail<GetStatusRequest>(Answers.Error(StatusCode.Unavailable));

        var outcomes = await Client(options => (options.AgentId, options.MaxAttempts) = (null, 1)).CheckBatchAsync([Query, Query with { AgentId = "agent-2" }]);

        Assert.All(outcomes, outcome => Assert.Equal((false, "STATE_UNAVAILABLE"), (outcome.Allowed, outcome.Decision!.ReasonCode)));
    }

    private void AllowAll() => Cluster.On<EnforceBatchRequest>(request => new EnforceBatchResponse
    {
        Results = { request.Requests.Select(_ => new EnforceBatchResult { Response = Answers.Allow() }) },
    });
}
