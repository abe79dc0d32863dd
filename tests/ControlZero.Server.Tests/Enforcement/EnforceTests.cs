using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlZero.Server.Tests.Enforcement;

[Collection(RunningServerCollection.Name)]
public sealed class EnforceTests(RunningServer server)
{
    private const string Example = """
        { "name": "openrouter-model-policy", "rules": [
          { "effect": "allow", "action": "llm.generate", "resource": "model/anthropic/claude-sonnet-4-20250514" },
          { "effect": "allow", "action": "llm.generate", "resource": "model/openai/gpt-4" },
          { "effect": "allow", "action": "llm.generate", "resource": "model/meta-llama/llama-3-70b-instruct" },
          { "effect": "deny",  "action": "llm.generate", "resource": "model/anthropic/claude-opus-4-20250514" },
          { "effect": "deny",  "action": "llm.generate", "resource": "model/*" } ] }
        """;

    private readonly EnforcementService.EnforcementServiceClient _enforcement = new(server.Channel);

    [Theory]
    [InlineData("anthropic/claude-sonnet-4-20250514", Decision.Allow, "rule-0", 0, 1)]
    [InlineData("anthropic/claude-opus-4-20250514", Decision.Deny, "rule-3", 3, 4)]
    [InlineData("google/gemini-pro", Decision.Deny, "rule-4", 4, 5)]
    public async Task Enforce_UnderTheExamplePolicy_AnswersWithTheWholeDecision(string model, Decision decision, string rule, int index, int evaluated)
    {
        var key = await TenantWithExampleAsync();

        var answer = await _enforcement.EnforceAsync(Ask($"model/{model}", request => request.RequestId = "my-request"), server.With(key));

        Assert.Equal((decision, rule, index), (answer.Decision, answer.RuleId, answer.RuleIndex));
        Assert.Equal(("openrouter-model-policy", 1L, 1UL), (answer.Policy, answer.PolicyVersion, answer.PolicyEpoch));
        Assert.Equal((evaluated, "RULE_MATCH", "my-request"), (answer.EvaluatedRules, answer.ReasonCode, answer.RequestId));
        Assert.Equal(decision == Decision.Allow ? "allow" : "deny", answer.Effect);
        Assert.True(Ulid.TryParse(answer.DecisionId, out _));
        Assert.NotEqual("", answer.Reason);
    }

    [Fact]
    public async Task Enforce_WithoutARequestId_MakesOne()
    {
        var key = await TenantWithExampleAsync();

        var answer = await _enforcement.EnforceAsync(Ask("model/openai/gpt-4"), server.With(key));

        Assert.NotEqual("", answer.RequestId);
    }

    [Fact]
    public async Task Enforce_OfAnEmptyMessage_NamesEveryMissingField() => await RpcAssert.RefusesAsync(
        _enforcement.EnforceAsync(new EnforceRequest(), server.With()), ("agent_id", "FIELD_REQUIRED"), ("action", "FIELD_REQUIRED"));

    [Fact]
    public async Task Enforce_OfSeveralFaults_NamesThemAll()
    {
        var request = new EnforceRequest
        {
            AgentId = "Bot",
            Action = new string('a', 257),
            Resource = "model/openai/gpt-4/",
            RequestId = new string('r', 256),
            Context = new Struct { Fields = { ["agent_id"] = Value.ForString("admin") } },
        };

        var refusal = await RpcAssert.RefusesAsync(
            _enforcement.EnforceAsync(request, server.With()),
            ("agent_id", "ID_SYNTAX"),
            ("request_id", "REQUEST_ID_TOO_LONG"),
            ("action", "ACTION_TOO_LONG"),
            ("resource", "RESOURCE_SYNTAX"),
            ("context.agent_id", "CONTEXT_RESERVED"));

        Assert.Contains("`bot`", refusal.FieldViolations[0].Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Enforce_ForAnAgentOutsideTheBinding_IsPermissionDenied()
    {
        var admin = await TenantWithExampleAsync();
        var key = await server.NewKeyAsync(admin, ["enforce"], "team-a-*");

        await RpcAssert.FailsAsync(
            StatusCode.PermissionDenied, "AGENT_NOT_BOUND", _enforcement.EnforceAsync(Ask("model/openai/gpt-4"), server.With(key)));
        var answer = await _enforcement.EnforceAsync(Ask("model/openai/gpt-4", request => request.AgentId = "team-a-1"), server.With(key));
        Assert.Equal(Decision.Allow, answer.Decision);
    }

    [Fact]
    public async Task Enforce_WithoutAnAgent_SpeaksForTheOneTheKeyIsBoundTo()
    {
        var admin = await TenantWithExampleAsync();
        var key = await server.NewKeyAsync(admin, ["enforce"], "only-bot");

        await _enforcement.EnforceAsync(Ask("model/openai/gpt-4", request => request.AgentId = ""), server.With(key));

        var usage = await new AgentService.AgentServiceClient(server.Channel).GetUsageAsync(
            new GetUsageRequest { AgentId = "only-bot" }, server.With(admin));
        Assert.Equal(1, usage.Allowed);
    }

    [Fact]
    public async Task Enforce_OfAnUnknownAgentWhereTheyAreDenied_IsADenyAndNoError()
    {
        var (_, key) = await server.NewTenantAsync(unknownAgents: "deny");

        var answer = await _enforcement.EnforceAsync(Ask("model/openai/gpt-4"), server.With(key));

        Assert.Equal((Decision.Deny, "AGENT_UNKNOWN", "deny"), (answer.Decision, answer.ReasonCode, answer.Effect));
        await RpcAssert.FailsAsync(
            StatusCode.NotFound,
            "AGENT_NOT_FOUND",
            new AgentService.AgentServiceClient(server.Channel).GetAgentAsync(new GetAgentRequest { AgentId = "bot" }, server.With(key)));
    }

    [Fact]
    public async Task Enforce_OnContext_ReadsNestedValues()
    {
        var (_, key) = await server.NewTenantAsync();
        await PublishAsync(key, """{ "name": "p", "rules": [ { "id": "pro", "allow": "*", "when": { "user.tier": "pro", "user.age": { "gte": 18 } } } ] }""");
        var context = new Struct
        {
            Fields = { ["user"] = Value.ForStruct(new Struct { Fields = { ["tier"] = Value.ForString("pro"), ["age"] = Value.ForNumber(18) } }) },
        };

        var answer = await _enforcement.EnforceAsync(Ask("model/openai/gpt-4", request => request.Context = context), server.With(key));

        Assert.Equal("pro", answer.RuleId);
    }

    [Fact]
    public async Task Explain_AsEnforceWouldAnswer_NamesEveryRuleTriedAndCountsNothing()
    {
        var key = await TenantWithExampleAsync();
        var enforced = await _enforcement.EnforceAsync(Ask("model/google/gemini-pro"), server.With(key));

        var explained = await _enforcement.ExplainAsync(new ExplainRequest { Request = Ask("model/google/gemini-pro") }, server.With(key));

        Assert.Equal((enforced.RuleId, enforced.EvaluatedRules), (explained.Response.RuleId, explained.Response.EvaluatedRules));
        Assert.Equal(["rule-0", "rule-1", "rule-2", "rule-3", "rule-4"], explained.Trials.Select(trial => trial.RuleId));
        Assert.Equal(TrialOutcome.ResourceDiffers, explained.Trials[0].Outcome);
        Assert.Equal(TrialOutcome.Matched, explained.Trials[^1].Outcome);
        var usage = await new AgentService.AgentServiceClient(server.Channel).GetUsageAsync(new GetUsageRequest { AgentId = "bot" }, server.With(key));
        Assert.Equal((0L, 1L), (usage.Allowed, usage.Denied));
    }

    [Fact]
    public async Task Enforce_WithoutAnyPolicy_IsDenied()
    {
        var (_, key) = await server.NewTenantAsync();

        var answer = await _enforcement.EnforceAsync(Ask("model/openai/gpt-4"), server.With(key));

        Assert.Equal((Decision.Deny, "NO_ACTIVE_POLICIES", "synthetic:NO_ACTIVE_POLICIES"), (answer.Decision, answer.ReasonCode, answer.RuleId));
        Assert.False(answer.HasRuleIndex);
    }

    private static EnforceRequest Ask(string resource, Action<EnforceRequest>? set = null)
    {
        var request = new EnforceRequest { AgentId = "bot", Action = "llm.generate", Resource = resource };
        set?.Invoke(request);
        return request;
    }

    private async Task<string> TenantWithExampleAsync()
    {
        var (_, key) = await server.NewTenantAsync();
        await PublishAsync(key, Example);
        return key;
    }

    private async Task PublishAsync(string key, string document) =>
        await new PolicyService.PolicyServiceClient(server.Channel).PublishPolicyAsync(new PublishPolicyRequest { Document = document }, server.With(key));
}
