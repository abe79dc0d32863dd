using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using Grpc.Core;

namespace ControlZero.Server.Tests.Enforcement;

/// <summary>A server that cannot confirm what is in force allows nothing, and an allow that is held up does not leave.</summary>
[Collection(PausableServerCollection.Name)]
public sealed class StaleTests(PausableServer server)
{
    private const string AllowAll = """{ "name": "p", "rules": [ { "allow": "*", "obligations": [ { "name": "o" } ] } ] }""";

    private readonly EnforcementService.EnforcementServiceClient _enforcement = new(server.Channel);

    [Fact]
    public async Task EveryWayToAsk_WhileStorageIsAway_IsDeniedAsStale()
    {
        var (_, key) = await server.NewTenantWithAsync(AllowAll);
        Assert.Equal([Decision.Allow, Decision.Allow, Decision.Allow], (await AskEveryWayAsync(key)).Select(answer => answer.Decision));

        server.LoseStorage();
        try
        {
            AssertStale(await AskEveryWayAsync(key));
        }
        finally
        {
            await server.RegainStorageAsync();
        }

        Assert.Equal([Decision.Allow, Decision.Allow, Decision.Allow], (await AskEveryWayAsync(key)).Select(answer => answer.Decision));
    }

    [Fact]
    public async Task Enforce_WhileStorageIsAway_GoesOnWhereTheTenantAllowsStale()
    {
        var (_, key) = await server.NewTenantAsync(allowStale: true);
        await new PolicyService.PolicyServiceClient(server.Channel).PublishPolicyAsync(
            new PublishPolicyRequest { Document = AllowAll }, server.With(key));
        await AskEveryWayAsync(key);

        server.LoseStorage();
        try
        {
            Assert.Equal([Decision.Allow, Decision.Allow, Decision.Allow], (await AskEveryWayAsync(key)).Select(answer => answer.Decision));
        }
        finally
        {
            await server.RegainStorageAsync();
        }
    }

    [Fact]
    public async Task OtherCalls_WhileStorageIsAway_AreUnavailable_AndStatusTellsWhy()
    {
        var (_, key) = await server.NewTenantWithAsync(AllowAll);
        var policies = new PolicyService.PolicyServiceClient(server.Channel);
        await policies.ListPoliciesAsync(new ListPoliciesRequest(), server.With(key));

        server.LoseStorage();
        try
        {
            await RpcAssert.FailsAsync(
                StatusCode.Unavailable, "STATE_UNAVAILABLE", policies.ListPoliciesAsync(new ListPoliciesRequest(), server.With(key)));
            var status = await new ClusterService.ClusterServiceClient(server.Channel).GetStatusAsync(new GetStatusRequest(), server.With(key));
            Assert.False(status.Freshness.Fresh);
            Assert.True(status.Freshness.Age.ToTimeSpan() > status.Freshness.Bound.ToTimeSpan());
        }
        finally
        {
            await server.RegainStorageAsync();
        }
    }

    [Fact]
    public async Task Stream_ThatSettlesWhileStorageIsAway_IsRefusedAsTheSingleCallIs()
    {
        var (_, key) = await server.NewTenantWithAsync(AllowAll);
        var settle = new SettleRequest { AgentId = "bot", Token = "none" };
        using var stream = _enforcement.EnforceStream(server.With(key));

        server.LoseStorage();
        try
        {
            await stream.RequestStream.WriteAsync(new EnforceStreamRequest { Settle = settle });
            Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None));
            var alone = await Assert.ThrowsAsync<RpcException>(() => _enforcement.SettleAsync(settle, server.With(key)).ResponseAsync);
            Assert.Equal((StatusCode.Unavailable, alone.GetRpcStatus()), (alone.StatusCode, stream.ResponseStream.Current.Error));
        }
        finally
        {
            await server.RegainStorageAsync();
        }
    }

    [Fact]
    public async Task Enforce_InAProcessPausedBetweenDecisionAndAnswer_IsWithheld()
    {
        var (_, key) = await server.NewTenantWithAsync(AllowAll);
        await AskAsync(key);

        server.PauseAfterDecision();
        var answer = await AskAsync(key);

        AssertStale([answer]);
        Assert.Equal("asked", answer.RequestId);
        Assert.NotEqual("", answer.DecisionId);
        Assert.Empty(answer.Obligations);
        Assert.Equal(Decision.Allow, (await AskAsync(key)).Decision);
    }

    [Fact]
    public async Task Batch_InAProcessPausedBetweenDecisionAndAnswer_IsWithheld()
    {
        var (_, key) = await server.NewTenantWithAsync(AllowAll);
        await BatchAsync(key);

        server.PauseAfterDecision();

        AssertStale([await BatchAsync(key)]);
    }

    [Fact]
    public async Task Stream_InAProcessPausedBetweenDecisionAndAnswer_IsWithheld()
    {
        var (_, key) = await server.NewTenantWithAsync(AllowAll);
        await StreamAsync(key);

        server.PauseAfterDecision();

        AssertStale([await StreamAsync(key)]);
    }

    [Fact]
    public async Task Explain_InAProcessPausedBetweenDecisionAndAnswer_SaysWhatEnforceWould()
    {
        var (_, key) = await server.NewTenantWithAsync(AllowAll);
        await AskAsync(key);

        server.PauseAfterDecision();
        var explained = await _enforcement.ExplainAsync(new ExplainRequest { Request = Request() }, server.With(key));

        AssertStale([explained.Response]);
    }

    private static void AssertStale(IReadOnlyList<EnforceResponse> answers) => Assert.All(answers, answer =>
    {
        Assert.Equal((Decision.Deny, "deny", "POLICY_STALE", "synthetic:POLICY_STALE"), (answer.Decision, answer.Effect, answer.ReasonCode, answer.RuleId));
        Assert.Equal(TimeSpan.FromSeconds(1), answer.RetryAfter.ToTimeSpan());
    });

    private async Task<IReadOnlyList<EnforceResponse>> AskEveryWayAsync(string key) =>
        [await AskAsync(key), await BatchAsync(key), await StreamAsync(key)];

    private async Task<EnforceResponse> AskAsync(string key) => await _enforcement.EnforceAsync(Request(), server.With(key));

    private async Task<EnforceResponse> BatchAsync(string key)
    {
        var answer = await _enforcement.EnforceBatchAsync(new EnforceBatchRequest { Requests = { Request() } }, server.With(key));
        return answer.Results.Single().Response;
    }

    private async Task<EnforceResponse> StreamAsync(string key)
    {
        using var stream = _enforcement.EnforceStream(server.With(key));
        await stream.RequestStream.WriteAsync(new EnforceStreamRequest { CorrelationId = 1, Enforce = Request() });
        await stream.RequestStream.CompleteAsync();
        return (await stream.ResponseStream.ReadAllAsync().ToListAsync()).Single().Response;
    }

    private static EnforceRequest Request() => new() { AgentId = "bot", Action = "a:x", RequestId = "asked" };
}
