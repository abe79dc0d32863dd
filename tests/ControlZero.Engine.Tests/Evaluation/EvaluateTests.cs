using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Tests.Evaluation;

public class EvaluateTests
{
    private const string OpenRouter = """
        { "name": "openrouter-model-policy",
          "rules": [
            { "effect": "allow", "action": "llm.generate", "resource": "model/anthropic/claude-sonnet-4-20250514" },
            { "effect": "allow", "action": "llm.generate", "resource": "model/openai/gpt-4" },
            { "effect": "allow", "action": "llm.generate", "resource": "model/meta-llama/llama-3-70b-instruct" },
            { "effect": "deny",  "action": "llm.generate", "resource": "model/anthropic/claude-opus-4-20250514" },
            { "effect": "deny",  "action": "llm.generate", "resource": "model/*" } ] }
        """;

    [Theory]
    [InlineData("model/anthropic/claude-sonnet-4-20250514", Effect.Allow, "rule-0", "allowed by rule `rule-0` of policy `openrouter-model-policy`")]
    [InlineData("model/anthropic/claude-opus-4-20250514", Effect.Deny, "rule-3", "denied by rule `rule-3` of policy `openrouter-model-policy`")]
    [InlineData("model/google/gemini-pro", Effect.Deny, "rule-4", "denied by rule `rule-4` of policy `openrouter-model-policy`")]
    public void Evaluate_TheOpenRouterExample_DecidesAsItsAuthorMeant(string resource, Effect effect, string rule, string reason)
    {
        var decision = Policies.Decide(OpenRouter, Policies.Request("llm.generate", resource));

        Assert.Equal((effect, rule, reason, ReasonCodes.RuleMatch, 7L), (decision.Effect, decision.RuleId, decision.Reason, decision.ReasonCode, decision.PolicyVersion));
    }

    [Fact]
    public void Evaluate_WithoutTheResourceThatADenyAsksFor_DeniesAndSaysWhatToDo()
    {
        var decision = Policies.Decide(OpenRouter, Policies.Request("llm:generate"));

        Assert.Equal((Effect.Deny, ReasonCodes.ResourceRequired, "rule-3", 3), (decision.Effect, decision.ReasonCode, decision.RuleId, decision.RuleIndex));
        Assert.EndsWith("name the resource", decision.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_WhenNoRuleMatches_SaysWhichDefaultDecided()
    {
        var other = Policies.Decide(OpenRouter, Policies.Request("db:query", "table/a"));
        var skipped = Policies.Decide(OpenRouter, Policies.Request("llm:generate", "voice/a"));

        Assert.Equal(("no rule matched; default action is deny", SyntheticRules.NoRuleMatch), (other.Reason, other.RuleId));
        Assert.Equal((ReasonCodes.NoRuleMatch, SyntheticRules.ResourceGateSkip), (skipped.ReasonCode, skipped.RuleId));
    }

    [Theory]
    [InlineData("deny", true)]
    [InlineData("allow", false)]
    [InlineData("warn", false)]
    [InlineData("audit", false)]
    public void Evaluate_InAnotherAsciiLetterCase_MatchesDeniesOnly(string effect, bool matches)
    {
        var document = $$"""{ "name": "p", "rules": [{ "id": "r", "effect": "{{effect}}", "action": "Tool:run", "resource": "File/a" }] }""";

        Assert.Equal(matches, Policies.Decide(document, Policies.Request("tOOL:RUN", "fILE/A")).RuleId == "r");
        Assert.Equal("r", Policies.Decide(document, Policies.Request("Tool:run", "File/a")).RuleId);
    }

    [Fact]
    public void Evaluate_WithItsOwnReasonCodeAndReason_ReportsThemForAMatchAndNothingElse()
    {
        const string Document = """
            { "name": "p", "rules": [{ "deny": "a:b", "resource": "x", "conditions": { "n": { "gt": 1 } },
              "reason": "too dear", "reason_code": "TOO_DEAR", "reason_localized": { "de": "zu teuer" }, "obligations": ["tell"] }] }
            """;
        var two = Engine.Context.ContextValue.Of([new("n", Engine.Context.ContextValue.Of(2))]);
        var text = Engine.Context.ContextValue.Of([new("n", Engine.Context.ContextValue.Of("2"))]);

        var matched = Policies.Decide(Document, Policies.Request("a:b", "x") with { Context = two });
        var required = Policies.Decide(Document, Policies.Request("a:b") with { Context = two });
        var error = Policies.Decide(Document, Policies.Request("a:b", "x") with { Context = text });

        Assert.Equal(("TOO_DEAR", "too dear", "zu teuer", "tell"), (matched.ReasonCode, matched.Reason, matched.ReasonLocalized["de"], matched.Obligations[0].Name));
        Assert.Equal((ReasonCodes.ResourceRequired, true), (required.ReasonCode, required.Obligations.IsEmpty));
        Assert.Equal((ReasonCodes.ConditionError, true), (error.ReasonCode, error.ReasonLocalized.IsEmpty));
    }

    [Fact]
    public void Evaluate_AnActionBeyondTheLimit_IsStillDecided()
    {
        var name = new string('a', 10_000);

        Assert.True(Policies.Decide("""{ "name": "p", "rules": [{ "allow": "a*.z" }] }""", Policies.Request(name + ".z")).Allowed);
    }
}
