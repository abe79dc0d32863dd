using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Tests.Policies;

namespace ControlZero.Engine.Tests.Evaluation;

/// <summary>Policies in shadow: what they change is said, and nothing else.</summary>
public class ShadowTests
{
    private const string InForce = """{ "name": "live", "rules": [{ "id": "models", "allow": "llm:*", "resource": "model/*" }] }""";

    private const string Stricter = """
        { "name": "next", "mode": "shadow", "priority": 1, "default_action": "allow", "agents": ["bot-*", "agent-*"],
          "rules": [{ "id": "no-b", "deny": "llm:*", "resource": "model/b" }],
          "limits": [{ "name": "l", "metric": "requests", "limit": 1, "window": "1m" }] }
        """;

    [Theory]
    [InlineData("model/a", Effect.Allow, "models", "live", Effect.Allow, "models", "live")]
    [InlineData("model/b", Effect.Allow, "models", "live", Effect.Deny, "no-b", "next")]
    [InlineData("tool/x", Effect.Deny, "synthetic:RESOURCE_GATE_SKIP", "", Effect.Deny, "synthetic:RESOURCE_GATE_SKIP", "")]
    public void DecideAll_BesideAPolicyInForce_SaysWhatBothTogetherWouldDecide(
        string resource, Effect effect, string rule, string policy, Effect shadowEffect, string shadowRule, string shadowPolicy)
    {
        var rules = Evaluation.Policies.Set(InForce, Stricter).For("agent-1");

        var decision = rules.DecideAll(Evaluation.Policies.Request("llm:generate", resource), []).Evaluation.Decision;

        Assert.Equal((effect, rule, policy), (decision.Effect, decision.RuleId, decision.Policy));
        var shadow = decision.Shadow!;
        Assert.Equal((shadowEffect, shadowRule, shadowPolicy), (shadow.Effect, shadow.RuleId, shadow.Policy));
        Assert.Equal(decision with { Shadow = null }, rules.EvaluateAll(Evaluation.Policies.Request("llm:generate", resource), []).Evaluation.Decision);
        Assert.Empty(rules.QuotaLimits);
    }

    [Fact]
    public void DecideAll_WithPoliciesInShadowOnly_FallsToTheDefaultOfTheTenant()
    {
        var policy = CompiledPolicy.Compile(Evaluation.Policies.Document(Stricter), 3);

        foreach (var effect in new[] { Effect.Deny, Effect.Warn, Effect.Allow })
        {
            var decision = PolicySet.Create([policy], effect).For("agent-1").DecideAll(Evaluation.Policies.Request("llm:generate", "model/b"), []).Evaluation.Decision;

            Assert.Equal((effect, ReasonCodes.NoActivePolicies), (decision.Effect, decision.ReasonCode));
            Assert.Equal((Effect.Deny, ReasonCodes.RuleMatch, "next", 3), (decision.Shadow!.Effect, decision.Shadow.ReasonCode, decision.Shadow.Policy, decision.Shadow.PolicyVersion));
        }
    }

    [Fact]
    public void DecideAll_OfAnAgentThatNoPolicyInShadowNames_SaysNothingOfIt()
    {
        var rules = Evaluation.Policies.Set(InForce, Stricter).For("web-1");
        var request = Evaluation.Policies.Request("llm:generate", "model/b", "web-1");

        Assert.Null(rules.Shadow);
        Assert.Same(rules.EvaluateAll(in request, []).Evaluation.Decision, rules.DecideAll(in request, []).Evaluation.Decision);
    }

    // The shadow of the whole question: the candidates in force end at another one than those in shadow.
    [Theory]
    [InlineData(new[] { "model/a", "model/c" }, Effect.Allow, Effect.Allow)]
    [InlineData(new[] { "model/a", "model/b" }, Effect.Allow, Effect.Deny)]
    [InlineData(new[] { "tool/x", "model/b" }, Effect.Deny, Effect.Deny)]
    public void DecideAll_OfCandidates_AllowsInShadowOnlyWhatEveryCandidateWouldBe(string[] candidates, Effect effect, Effect shadow)
    {
        var rules = Evaluation.Policies.Set(InForce, Stricter).For("agent-1");
        var request = Evaluation.Policies.Request("llm:generate");

        var decided = rules.DecideAll(in request, [.. candidates]);
        var explained = rules.ExplainAll(in request, [.. candidates]);

        Assert.Equal((effect, shadow), (decided.Evaluation.Decision.Effect, decided.Evaluation.Decision.Shadow!.Effect));
        Assert.Equal(decided, explained.Outcome);
        Assert.DoesNotContain("next", explained.Trials.Select(trial => trial.Policy));
    }

    [Fact]
    public void Overruling_ByALimit_KeepsWhatWasSaidInShadow()
    {
        var decided = Evaluation.Policies.Set(InForce, Stricter).For("agent-1").DecideAll(Evaluation.Policies.Request("llm:generate", "model/b"), []).Evaluation.Decision;
        var denial = decided with { Effect = Effect.Deny, ReasonCode = ReasonCodes.QuotaExceeded, Shadow = null };

        Assert.Equal("no-b", denial.Overruling(decided).Shadow!.RuleId);
        Assert.Same(denial, denial.Overruling(decided with { Shadow = null }));
        Assert.True(denial.PoliciesPermit);
        Assert.False((denial with { ReasonCode = ReasonCodes.RuleMatch }).PoliciesPermit);
    }

    [Fact]
    public void Steps_OfADecisionWithAShadow_AreThoseOfBoth()
    {
        var (alone, beside) = (Evaluation.Policies.Set(InForce).For("agent-1"), Evaluation.Policies.Set(InForce, Stricter).For("agent-1"));
        var request = Evaluation.Policies.Request("llm:generate", "model/a");

        var (one, both) = (alone.DecideAll(in request, []).Evaluation, beside.DecideAll(in request, []).Evaluation);

        Assert.Equal(one.EvaluatedRules, both.EvaluatedRules);
        Assert.Equal(one.Steps + beside.Shadow!.EvaluateAll(in request, []).Evaluation.Steps, both.Steps);
    }

    [Fact]
    public void Lint_LimitsOfAPolicyInShadow_AreWarnedOf()
    {
        Assert.Equal(["LIMIT_IN_SHADOW"], Parsing.Warnings(Stricter));
        Assert.Empty(Parsing.Warnings(Stricter.Replace("shadow", "enforce", StringComparison.Ordinal)));
    }
}
