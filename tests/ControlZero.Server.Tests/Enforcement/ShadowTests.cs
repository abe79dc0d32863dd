using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlZero.Server.Tests.Enforcement;

/// <summary>A policy in shadow never changes an answer, and what it would change stands beside each, however it was asked and whoever decided.</summary>
[Collection(RunningServerCollection.Name)]
public sealed class ShadowTests(RunningServer server, GrainPathServer grainPath) : IClassFixture<GrainPathServer>
{
    private const string InForce = """
        { "name": "live", "rules": [ { "id": "models", "allow": "llm.*", "resource": "model/*" } ],
          "limits": [ { "name": "calls", "metric": "requests", "limit": 100, "window": "day", "per": "agent" } ] }
        """;

    private const string Shadow = """
        { "name": "next", "mode": "shadow", "priority": 1, "default_action": "allow", "agents": "bot*",
          "rules": [ { "id": "no-b", "deny": "llm.*", "resource": "model/b", "reason_code": "TOO_DEAR" } ],
          "limits": [ { "name": "one", "metric": "requests", "limit": 1, "window": "day", "per": "agent" } ] }
        """;

    private static readonly ShadowDecision DeniedByB = new()
    {
        Decision = Decision.Deny, Effect = "deny", RuleId = "no-b", ReasonCode = "TOO_DEAR", Policy = "next", PolicyVersion = 1,
    };

    private static readonly ShadowDecision AllowedByModels = new()
    {
        Decision = Decision.Allow, Effect = "allow", RuleId = "models", ReasonCode = "RULE_MATCH", Policy = "live", PolicyVersion = 1,
    };

    private readonly EnforcementService.EnforcementServiceClient _enforcement = new(server.Channel);
    private readonly PolicyService.PolicyServiceClient _policies = new(server.Channel);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_HoweverAsked_SaysWhatWouldBeDecided(bool byGrain)
    {
        var asked = byGrain ? grainPath : server;
        var (_, key) = await asked.NewTenantWithAsync(InForce, Shadow);

        Assert.All(await AskAllWaysAsync(asked, key, Ask("model/b")), answer => Assert.Equal(("models", DeniedByB), (answer.RuleId, answer.Shadow)));
        Assert.All(await AskAllWaysAsync(asked, key, Ask("model/a")), answer => Assert.Equal(("models", AllowedByModels), (answer.RuleId, answer.Shadow)));
        Assert.All(await AskAllWaysAsync(asked, key, Candidates("model/a", "model/b")), answer => Assert.Equal(("models", DeniedByB), (answer.RuleId, answer.Shadow)));
        Assert.All(await AskAllWaysAsync(asked, key, Candidates("model/a", "model/c")), answer => Assert.Equal(("models", AllowedByModels), (answer.RuleId, answer.Shadow)));

        // `bot*`: the policy in shadow says nothing of another agent.
        Assert.All(await AskAllWaysAsync(asked, key, Ask("model/b", "web")), answer => Assert.Equal(("models", null), (answer.RuleId, answer.Shadow)));
    }

    // The promise: with or without policies in shadow, everything but what they say themselves is the same, to the last field.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_WithAPolicyInShadow_IsOtherwiseTheSame(bool byGrain)
    {
        var asked = byGrain ? grainPath : server;
        var (_, without) = await asked.NewTenantWithAsync(InForce);
        var (_, with) = await asked.NewTenantWithAsync(InForce);

        // The epoch is the same with it: a policy of another agent.
        await new PolicyService.PolicyServiceClient(asked.Channel).PublishPolicyAsync(
            new PublishPolicyRequest { Document = """{ "name": "next", "agents": "nobody", "rules": [ { "allow": "x:y" } ] }""" }, asked.With(without));
        await new PolicyService.PolicyServiceClient(asked.Channel).PublishPolicyAsync(new PublishPolicyRequest { Document = Shadow }, asked.With(with));

        foreach (var request in new[] { Ask("model/b"), Ask("model/a"), Ask("tool/x"), Ask(""), Candidates("model/a", "model/b"), Candidates("tool/x", "model/b") })
        {
            var expected = await AskAllWaysAsync(asked, without, request);
            var actual = await AskAllWaysAsync(asked, with, request);
            Assert.Equal(expected.Select(Comparable), actual.Select(Comparable));
            Assert.All(expected, answer => Assert.Null(answer.Shadow));
            Assert.All(actual, answer => Assert.NotNull(answer.Shadow));
        }

        Assert.Equal(await asked.UsageAsync(without), await asked.UsageAsync(with));
    }

    [Fact]
    public async Task Tenant_WithPoliciesInShadowOnly_HasNoActivePolicy()
    {
        var (_, key) = await server.NewTenantAsync(defaultOnEmpty: "allow");
        await _policies.PublishPolicyAsync(new PublishPolicyRequest { Document = Shadow }, server.With(key));

        var answer = await _enforcement.EnforceAsync(Ask("model/b"), server.With(key));

        Assert.Equal((Decision.Allow, "NO_ACTIVE_POLICIES", DeniedByB), (answer.Decision, answer.ReasonCode, answer.Shadow));
        Assert.Empty(answer.Limits);
    }

    [Fact]
    public async Task Answer_ThatALimitDenies_StillSaysWhatPoliciesWould()
    {
        var (_, key) = await server.NewTenantWithAsync(InForce.Replace("100", "1", StringComparison.Ordinal), Shadow);
        await _enforcement.EnforceAsync(Ask("model/a"), server.With(key));

        var denied = await _enforcement.EnforceAsync(Ask("model/a"), server.With(key));
        var explained = await _enforcement.ExplainAsync(new ExplainRequest { Request = Ask("model/b") }, server.With(key));

        Assert.Equal(("QUOTA_EXCEEDED", AllowedByModels), (denied.ReasonCode, denied.Shadow));
        Assert.Equal(("QUOTA_EXCEEDED", DeniedByB), (explained.Response.ReasonCode, explained.Response.Shadow));
    }

    [Fact]
    public async Task Answer_ReplayedOrOfADryRun_SaysItToo()
    {
        var (_, key) = await server.NewTenantWithAsync(InForce, Shadow);
        var request = Ask("model/b");
        request.RequestId = "once";
        await _enforcement.EnforceAsync(request, server.With(key));

        var replayed = await _enforcement.EnforceAsync(request, server.With(key));
        var dry = await _enforcement.EnforceAsync(new EnforceRequest(Ask("model/b")) { DryRun = true }, server.With(key));

        Assert.Equal((true, DeniedByB), (replayed.Replayed, replayed.Shadow));
        Assert.Equal((true, DeniedByB), (dry.DryRun, dry.Shadow));
    }

    [Theory]
    [InlineData("agent", "bot", "AGENT_SUSPENDED")]
    [InlineData("tenant", "", "TENANT_SUSPENDED")]
    [InlineData("model", "model/b", "MODEL_SUSPENDED")]
    public async Task Answer_ThatNoPolicyWasAskedFor_SaysNothingInShadow(string target, string subject, string code)
    {
        var (tenant, key) = await server.NewTenantWithAsync(InForce, Shadow);
        await SuspendAsync(target, subject, tenant, key);

        var answers = await AskAllWaysAsync(server, key, Ask("model/b"));

        Assert.All(answers, answer => Assert.Equal((code, null), (answer.ReasonCode, answer.Shadow)));
    }

    [Fact]
    public async Task Event_HoldsWhatTheAnswerSaid()
    {
        var (_, key) = await server.NewTenantWithAsync(InForce, Shadow);
        var audit = new AuditService.AuditServiceClient(server.Channel);
        var answer = await _enforcement.EnforceAsync(Ask("model/b"), server.With(key));
        await _enforcement.EnforceAsync(Ask("model/b", "web"), server.With(key));

        var found = await audit.GetDecisionAsync(new GetDecisionRequest { DecisionId = answer.DecisionId }, server.With(key));
        var queried = await audit.QueryEventsAsync(new QueryEventsRequest(), server.With(key));

        Assert.Equal(DeniedByB, Assert.Single(found.Events).Shadow);
        Assert.Equal([null, DeniedByB], queried.Events.Select(audited => audited.Shadow));
    }

    [Fact]
    public async Task Access_IsThatOfPoliciesInForce()
    {
        var (_, key) = await server.NewTenantWithAsync(InForce, Shadow);

        var access = await _enforcement.GetAccessAsync(
            new GetAccessRequest { AgentId = "bot", Action = "llm.generate", Resources = { "model/b", "tool/x" } }, server.With(key));

        Assert.Equal([(Decision.Allow, "models"), (Decision.Deny, "synthetic:RESOURCE_GATE_SKIP")], access.Resources.Select(entry => (entry.Decision, entry.RuleId)));
    }

    [Fact]
    public async Task TestPolicy_AnswersAsEnforceDoes()
    {
        var tested = await _policies.TestPolicyAsync(
            new TestPolicyRequest { Documents = { InForce, Shadow }, Requests = { Ask("model/b"), Candidates("model/a", "model/c"), Ask("model/b", "web") } }, server.With());

        Assert.Equal(["models", "models", "models"], tested.Responses.Select(answer => answer.RuleId));
        Assert.Equal(
            [new ShadowDecision(DeniedByB) { PolicyVersion = 0 }, new ShadowDecision(AllowedByModels) { PolicyVersion = 0 }, null],
            tested.Responses.Select(answer => answer.Shadow));
    }

    [Fact]
    public async Task Explain_ListsTheRulesInForce_AndNamesTheOneInShadow()
    {
        var (_, key) = await server.NewTenantWithAsync(InForce, Shadow);

        var explained = await _enforcement.ExplainAsync(new ExplainRequest { Request = Ask("model/b") }, server.With(key));

        Assert.Equal(["models"], explained.Trials.Select(trial => trial.RuleId));
        Assert.Equal(DeniedByB, explained.Response.Shadow);
    }

    [Fact]
    public async Task Publish_OfTheSamePolicyEnforced_MakesItsAnswerTheAnswer()
    {
        var (_, key) = await server.NewTenantWithAsync(InForce, Shadow);
        var before = await _enforcement.EnforceAsync(Ask("model/b"), server.With(key));

        var published = await _policies.PublishPolicyAsync(
            new PublishPolicyRequest { Document = Shadow.Replace("shadow", "enforce", StringComparison.Ordinal) }, server.With(key));
        var after = await _enforcement.EnforceAsync(new EnforceRequest(Ask("model/b")) { MinPolicyEpoch = published.PolicyEpoch }, server.With(key));

        Assert.Equal((before.Shadow.Decision, before.Shadow.RuleId, before.Shadow.ReasonCode), (after.Decision, after.RuleId, after.ReasonCode));
        Assert.Null(after.Shadow);
    }

    // By the fast path, by the framework (whose messages are longer), in a batch, in a stream, dry, and explained.
    private static async Task<List<EnforceResponse>> AskAllWaysAsync(RunningServer asked, string key, EnforceRequest request)
    {
        var enforcement = new EnforcementService.EnforcementServiceClient(asked.Channel);
        var headers = asked.With(key);
        var first = await enforcement.EnforceAsync(request, headers);
        var fast = await enforcement.EnforceAsync(request, headers);
        var framed = await enforcement.EnforceAsync(
            new EnforceRequest(request) { Context = new Struct { Fields = { ["long"] = Value.ForString(new string('x', 2000)) } } }, headers);
        var batch = await enforcement.EnforceBatchAsync(new EnforceBatchRequest { Requests = { request, request } }, headers);
        var dry = await enforcement.EnforceAsync(new EnforceRequest(request) { DryRun = true }, headers);
        var explained = await enforcement.ExplainAsync(new ExplainRequest { Request = request }, headers);
        using var stream = enforcement.EnforceStream(headers);
        await stream.RequestStream.WriteAsync(new EnforceStreamRequest { CorrelationId = 7, Enforce = request });
        await stream.RequestStream.CompleteAsync();
        var streamed = Assert.Single(await stream.ResponseStream.ReadAllAsync().ToListAsync()).Response;
        return [first, fast, framed, .. batch.Results.Select(result => result.Response), dry, explained.Response, streamed];
    }

    // What no two answers share, and what counts their calls.
    private static string Comparable(EnforceResponse answer)
    {
        var same = new EnforceResponse(answer) { DecisionId = "", RequestId = "", Shadow = null };
        if (same.Reservation is { } reservation)
        {
            reservation.Token = "";
            reservation.ExpiresAt = null;
        }

        return same.ToString();
    }

    private async Task SuspendAsync(string target, string subject, string tenant, string key)
    {
        switch (target)
        {
            case "agent":
                await new AgentService.AgentServiceClient(server.Channel).SuspendAgentAsync(new SuspendAgentRequest { AgentId = subject }, server.With(key));
                break;
            case "tenant":
                await new TenantService.TenantServiceClient(server.Channel).SuspendTenantAsync(new SuspendTenantRequest { TenantId = tenant }, server.With());
                break;
            default:
                await new ModelService.ModelServiceClient(server.Channel).SuspendModelAsync(new SuspendModelRequest { Model = subject }, server.With(key));
                break;
        }
    }

    private static EnforceRequest Ask(string resource, string agent = "bot") => new() { AgentId = agent, Action = "llm.generate", Resource = resource };

    private static EnforceRequest Candidates(params string[] candidates) =>
        new() { AgentId = "bot", Action = "llm.generate", CandidateResources = { candidates } };
}
