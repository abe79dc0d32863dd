using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;

namespace ControlZero.Server.Tests.Enforcement;

[Collection(RunningServerCollection.Name)]
public sealed class CandidateTests(RunningServer server)
{
    private const string Policy = """
        { "name": "p", "rules": [
          { "id": "warned", "effect": "warn", "action": "llm.generate", "resource": "model/a/warned" },
          { "id": "audited", "effect": "audit", "action": "llm.generate", "resource": "model/a/audited",
            "obligations": [ { "name": "redact" } ] },
          { "id": "careful", "effect": "allow", "action": "llm.generate", "resource": "model/a/careful",
            "obligations": [ { "name": "redact" }, { "name": "log" } ] },
          { "id": "a", "effect": "allow", "action": "llm.generate", "resource": "model/a/*" },
          { "id": "b", "effect": "deny", "action": "llm.generate", "resource": "model/b/*" },
          { "id": "c", "effect": "deny", "action": "llm.generate", "resource": "model/c/*" } ] }
        """;

    private readonly EnforcementService.EnforcementServiceClient _enforcement = new(server.Channel);

    [Theory]
    [InlineData("", "model/a/1 model/a/2", "a", "", 8)]
    [InlineData("", "model/a/1 model/c/1 model/b/1", "c", "model/c/1", 10)]
    [InlineData("model/b/1", "model/a/1 model/c/1", "b", "model/b/1", 5)]
    [InlineData("model/a/1", "model/c/1", "c", "model/c/1", 10)]
    [InlineData("model/a/1", "model/d/1 model/b/1", "synthetic:RESOURCE_GATE_SKIP", "model/d/1", 10)]
    [InlineData("", "model/a/1 model/a/audited model/a/warned model/a/careful", "warned", "", 10)]
    public async Task Candidates_OfWhichEachMustBeAllowed_GetOneDecision(string resource, string candidates, string rule, string denied, int evaluated)
    {
        var (_, key) = await server.NewTenantWithAsync(Policy);

        var answer = await _enforcement.EnforceAsync(Ask(resource, candidates), server.With(key));

        Assert.Equal((rule, denied, evaluated), (answer.RuleId, answer.DeniedResource, answer.EvaluatedRules));
        Assert.Equal(denied.Length == 0 ? Decision.Allow : Decision.Deny, answer.Decision);
        Assert.Equal(denied.Length == 0 ? (1, 0) : (0, 1), await server.UsageAsync(key));
    }

    [Fact]
    public async Task Candidates_ThatAreAllowed_BringTheObligationsOfAll()
    {
        var (_, key) = await server.NewTenantWithAsync(Policy);

        var first = await _enforcement.EnforceAsync(Ask("", "model/a/1 model/a/careful model/a/audited"), server.With(key));
        var alone = await _enforcement.EnforceAsync(Ask("", "model/a/1 model/a/2"), server.With(key));

        Assert.Equal(("audited", "audit"), (first.RuleId, first.Effect));
        Assert.Equal(["redact", "log"], first.Obligations.Select(obligation => obligation.Name));
        Assert.Empty(alone.Obligations);
    }

    [Fact]
    public async Task Resource_ThatIsDeniedWithoutCandidates_IsNotNamed()
    {
        var (_, key) = await server.NewTenantWithAsync(Policy);

        var answer = await _enforcement.EnforceAsync(Ask("model/b/1", ""), server.With(key));

        Assert.Equal((Decision.Deny, ""), (answer.Decision, answer.DeniedResource));
    }

    [Fact]
    public async Task Candidates_ThatAreNotSpelledLikeResources_AreNamedEach()
    {
        var request = Ask("", "model/a/1 model/a/ MODEL/a");
        request.CandidateResources.Add("");

        var refusal = await RpcAssert.RefusesAsync(
            _enforcement.EnforceAsync(request, server.With()),
            ("candidate_resources[1]", "RESOURCE_SYNTAX"),
            ("candidate_resources[2]", "RESOURCE_SYNTAX"),
            ("candidate_resources[3]", "FIELD_REQUIRED"));

        Assert.StartsWith("in candidate_resources[1], resource `model/a/` ", refusal.FieldViolations[0].Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Candidates_MoreThanTheLimit_AreRefused()
    {
        var (_, key) = await server.NewTenantWithAsync(Policy);
        var most = new EnforceRequest { AgentId = "bot", Action = "llm.generate", CandidateResources = { Enumerable.Repeat("model/a/1", 64) } };
        var more = new EnforceRequest(most) { CandidateResources = { "model/a/1" } };

        await RpcAssert.RefusesAsync(_enforcement.EnforceAsync(more, server.With(key)), ("candidate_resources", "TOO_MANY"));
        Assert.Equal(Decision.Allow, (await _enforcement.EnforceAsync(most, server.With(key))).Decision);
    }

    [Fact]
    public async Task Explain_OfCandidates_ShowsTheTrialsOfEachUpToTheDenied()
    {
        var (_, key) = await server.NewTenantWithAsync(Policy);
        var request = Ask("model/a/1", "model/b/1 model/c/1");

        var explained = await _enforcement.ExplainAsync(new ExplainRequest { Request = request }, server.With(key));

        Assert.Equal(("b", "model/b/1", 9), (explained.Response.RuleId, explained.Response.DeniedResource, explained.Response.EvaluatedRules));
        Assert.Equal(
            Enumerable.Repeat("model/a/1", 4).Concat(Enumerable.Repeat("model/b/1", 5)), explained.Trials.Select(trial => trial.Resource));
        Assert.Equal(TrialOutcome.Matched, explained.Trials[^1].Outcome);
        Assert.Null(await server.UsageAsync(key));
    }

    [Fact]
    public async Task TestPolicy_OfCandidates_AnswersAsEnforceDoes()
    {
        var (_, key) = await server.NewTenantWithAsync(Policy);
        EnforceRequest[] requests = [Ask("", "model/a/1 model/c/1"), Ask("model/a/1", "model/a/audited model/a/careful")];

        var tested = await new PolicyService.PolicyServiceClient(server.Channel).TestPolicyAsync(
            new TestPolicyRequest { Documents = { Policy }, Requests = { requests } }, server.With(key));

        foreach (var (request, answer) in requests.Zip(tested.Responses))
        {
            var enforced = await _enforcement.EnforceAsync(request, server.With(key));
            Assert.Equal(
                (enforced.RuleId, enforced.Effect, enforced.DeniedResource, enforced.EvaluatedRules),
                (answer.RuleId, answer.Effect, answer.DeniedResource, answer.EvaluatedRules));
            Assert.Equal(enforced.Obligations, answer.Obligations);
        }
    }

    private static EnforceRequest Ask(string resource, string candidates) => new()
    {
        AgentId = "bot",
        Action = "llm.generate",
        Resource = resource,
        CandidateResources = { candidates.Split(' ', StringSplitOptions.RemoveEmptyEntries) },
    };
}
