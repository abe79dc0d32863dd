using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlZero.Client.Tests.Enforcement;

public sealed class LimitTests : ClientTest
{
    private static readonly DateTimeOffset Ends = new(2026, 11, 28, 0, 0, 0, TimeSpan.Zero);
    private static readonly EnforceQuery Query = new() { Action = "llm.generate", Resource = "model/openai/gpt-4" };

    private static readonly LimitUsage Shown = new()
    {
        Policy = "p",
        Name = "daily-usd",
        Metric = "cost_usd",
        Per = "agent",
        Window = "day",
        Unit = "nano_usd",
        Limit = 5_000_000_000,
        Used = 1,
        Remaining = 4_999_999_999,
        ResetsAt = Ends,
    };

    [Fact]
    public async Task Check_WithAReservation_HasItAndTheLimits()
    {
        Cluster.On<EnforceRequest>(_ =>
        {
            var response = Answers.Allow();
            response.Limits.Add(Dollars());
            response.Reservation = new Reservation { Token = "t", ExpiresAt = Timestamp.FromDateTimeOffset(Ends) };
            return response;
        });

        var decision = await Client().CheckAsync(Query with { Estimate = new() { InputTokens = 10, MaxOutputTokens = 0 } });

        Assert.Equal(new EnforceReservation("t", Ends), decision.Reservation);
        Assert.Equal([Shown], decision.Limits);
        var estimate = Assert.Single(Cluster.Received<EnforceRequest>()).Estimate;
        Assert.Equal(new Estimate { InputTokens = 10, MaxOutputTokens = 0 }, estimate);
        Assert.Equal((true, true, false), (estimate.HasInputTokens, estimate.HasMaxOutputTokens, estimate.HasCostNanosUsd));
    }

    [Fact]
    public async Task Check_WithoutEstimate_SaysNothingAndHasNoReservation()
    {
        Cluster.On<EnforceRequest>(_ => Answers.Allow());

        var decision = await Client().CheckAsync(Query);

        Assert.Null(Assert.Single(Cluster.Received<EnforceRequest>()).Estimate);
        Assert.Null(decision.Reservation);
        Assert.Empty(decision.Limits);
    }

    [Fact]
    public async Task CheckBatch_Estimates_GoWithTheirQuestions()
    {
        Cluster.On<EnforceBatchRequest>(_ => new EnforceBatchResponse { Results = { new EnforceBatchResult { Response = Answers.Allow() } } });

        await Client().CheckBatchAsync([Query with { Estimate = new() { CostNanosUsd = 7 } }]);

        Assert.Equal(7, Assert.Single(Cluster.Received<EnforceBatchRequest>()).Requests[0].Estimate.CostNanosUsd);
    }

    [Fact]
    public async Task Settle_WithFigures_SendsThemAndZeroIsOne()
    {
        Cluster.On<SettleRequest>(_ => new SettleResponse { Late = true, Overrun = true, ModelDrift = true, Limits = { Dollars() } });

        var outcome = await Client().SettleAsync(new()
        {
            Token = "t",
            Usage = new() { InputTokens = 0, OutputTokens = 5, CacheWriteTokens = 1, ReasoningTokens = 2, CostNanosUsd = 3 },
            ResponseModel = "model/x",
        });

        Assert.Equal((true, false, true, true), (outcome.Late, outcome.Replayed, outcome.Overrun, outcome.ModelDrift));
        Assert.Equal([Shown], outcome.Limits);
        Assert.Equal(
            new SettleRequest
            {
                Token = "t",
                AgentId = "agent-1",
                Usage = new() { InputTokens = 0, OutputTokens = 5, CacheWriteTokens = 1, ReasoningTokens = 2, CostNanosUsd = 3 },
                ResponseModel = "model/x",
            },
            Assert.Single(Cluster.Received<SettleRequest>()));
        var usage = Cluster.Received<SettleRequest>()[0].Usage;
        Assert.Equal((true, false), (usage.HasInputTokens, usage.HasCachedInputTokens));
    }

    [Fact]
    public async Task Settle_WhenTheServerIsAway_IsTriedAgain()
    {
        Cluster.On<SettleRequest>(_ => Cluster.Received<SettleRequest>().Count < 3 ? throw Answers.Error(StatusCode.Unavailable) : new SettleResponse { Replayed = true });

        var outcome = await Client().SettleAsync(new() { Token = "t" });

        Assert.True(outcome.Replayed);
        Assert.All(Cluster.Received<SettleRequest>(), request => Assert.Null(request.Usage));
        Assert.Equal(3, Cluster.Received<SettleRequest>().Count);
    }

    [Theory]
    [InlineData(StatusCode.AlreadyExists, "IDEMPOTENCY_MISMATCH")]
    [InlineData(StatusCode.Unavailable, "NOT_READY")]
    public async Task Settle_Refused_ThrowsThoughTheProgramSaysAllow(StatusCode code, string reason)
    {
        Cluster.Fail<SettleRequest>(Answers.Error(code, "no", reason));

        var error = await Assert.ThrowsAsync<ControlZeroException>(
            () => Client(options => (options.OnUnavailable, options.MaxAttempts) = (OnUnavailable.Allow, 1)).SettleAsync(new() { Token = "t" }));

        Assert.Equal((code, reason), (error.StatusCode, error.Reason));
    }

    [Fact]
    public async Task Cancel_OfAReservation_NamesItAndTheAgent()
    {
        Cluster.On<CancelRequest>(_ => new CancelResponse { Replayed = true });

        var outcome = await Client().CancelAsync("t", "writer");

        Assert.Equal((false, true), (outcome.Late, outcome.Replayed));
        Assert.Equal(new CancelRequest { Token = "t", AgentId = "writer" }, Assert.Single(Cluster.Received<CancelRequest>()));
    }

    [Fact]
    public async Task DisposeAsync_WhileSomethingIsSettled_WaitsForIt()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Cluster.On<SettleRequest>(async (_, _) =>
        {
            asked.SetResult();
            await goOn.Task;
            return new SettleResponse { Late = true };
        });
        var client = Client();

        var settling = client.SettleAsync(new() { Token = "t" });
        await asked.Task;
        var closing = client.DisposeAsync().AsTask();
        Assert.False(closing.IsCompleted);
        goOn.SetResult();
        await closing;

        Assert.True((await settling).Late);
    }

    [Fact]
    public async Task GetAccess_Answers_WithTheLimitsOfEachResource()
    {
        var perMinute = Dollars();
        perMinute.Name = "rpm";
        Cluster.On<GetAccessRequest>(_ => new GetAccessResponse
        {
            Limits = { Dollars(), perMinute },
            NextPageToken = "more",
            PolicyEpoch = 7,
            Resources =
            {
                new ResourceAccess { Resource = "model/a", Decision = Decision.Allow, ReasonCode = "RULE_MATCH", Policy = "p", RuleId = "r", Limits = { 0, 1 }, TightestLimit = 1 },
                new ResourceAccess { Resource = "model/b", Decision = Decision.Deny, ReasonCode = "QUOTA_EXCEEDED" },
            },
        });

        var access = await Client().GetAccessAsync(new() { Resources = ["model/a", "model/b"], AllowedOnly = true, PageSize = 2, PageToken = "from" });

        Assert.Equal(("more", 7UL), (access.NextPageToken, access.PolicyEpoch));
        Assert.Equal([("model/a", true, "RULE_MATCH"), ("model/b", false, "QUOTA_EXCEEDED")], access.Resources.Select(r => (r.Resource, r.Allowed, r.ReasonCode)));
        Assert.Equal([Shown, Shown with { Name = "rpm" }], access.Resources[0].Limits);
        Assert.Equal(Shown with { Name = "rpm" }, access.Resources[0].TightestLimit);
        Assert.Null(access.Resources[1].TightestLimit);
        Assert.Equal(
            new GetAccessRequest { AgentId = "agent-1", Resources = { "model/a", "model/b" }, AllowedOnly = true, PageSize = 2, PageToken = "from" },
            Assert.Single(Cluster.Received<GetAccessRequest>()));
    }

    [Fact]
    public async Task GetUsage_OfTheKeysAgent_HasCountsAndLimits()
    {
        Cluster.On<GetStatusRequest>(_ => Answers.Status("bound"));
        Cluster.On<GetUsageRequest>(request => new GetUsageResponse
        {
            AgentId = request.AgentId,
            Allowed = 3,
            Denied = 1,
            LastDecisionAt = Timestamp.FromDateTimeOffset(Ends),
            Limits = { Dollars() },
        });

        var usage = await Client(options => options.AgentId = null).GetUsageAsync();

        Assert.Equal(("bound", 3L, 1L, Ends), (usage.AgentId, usage.Allowed, usage.Denied, usage.LastDecisionAt));
        Assert.Equal([Shown], usage.Limits);
    }

    private static LimitState Dollars() => Answers.DailyUsd(used: 1, Ends);
}
