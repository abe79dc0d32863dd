using System.Collections.Immutable;
using ControlZero.Engine.Context;
using ControlZero.Engine.Evaluation;

namespace ControlZero.Engine.Tests.Evaluation;

public class ExplainTests
{
    private const string Document = """
        { "name": "p", "rules": [
          { "id": "action", "allow": "db:*" },
          { "id": "resource", "allow": "llm.*", "resource": "voice/*" },
          { "id": "false", "allow": "llm.*", "conditions": { "env": "prod" } },
          { "id": "missing", "allow": "llm.*", "conditions": { "team": { "in": ["a", "b"] } } },
          { "id": "error", "allow": "llm.*", "conditions": { "env": { "gt": 5 } } },
          { "id": "match", "deny": "llm.*", "resource": ["model/x", "model/*"] },
          { "id": "behind", "deny": "*" } ] }
        """;

    private static readonly ContextValue Context = ContextValue.Of(ImmutableArray.Create(new ContextField("env", ContextValue.Of("dev"))));

    [Fact]
    public void Explain_EveryRuleLookedAt_SaysWhatBecameOfItAndWhy()
    {
        var explanation = Policies.Set(Document).For("agent-1").Explain(Policies.Request("llm:generate", "model/a") with { Context = Context });

        Assert.Equal(
            [
                ("action", TrialOutcome.ActionDiffers, "the action `llm:generate` matches none of `db:*`"),
                ("resource", TrialOutcome.ResourceDiffers, "the resource `model/a` matches none of `voice/*`"),
                ("false", TrialOutcome.ConditionFalse, "the condition that `env` is like one of `prod` does not hold: it is the text `dev`"),
                ("missing", TrialOutcome.ConditionFalse, "the condition that `team` is one of `a`, `b` does not hold: the request has no such value"),
                ("error", TrialOutcome.ConditionError, "the condition that `env` is greater than `5` cannot be told: it is the text `dev`, the wrong type for it; a rule that permits does not match then"),
                ("match", TrialOutcome.Matched, "the action `llm:generate` matches one of `llm.*`, the resource `model/a` matches one of `model/x`, `model/*`, there are no conditions"),
            ],
            explanation.Trials.Select(trial => (trial.RuleId, trial.Outcome, trial.Detail)));
        Assert.Equal(("match", 6), (explanation.Evaluation.Decision.RuleId, explanation.Evaluation.EvaluatedRules));
    }

    [Fact]
    public void Explain_WithoutAResource_TellsADenyFromAnAllow()
    {
        var explanation = Policies.Set(Document).For("agent-1").Explain(Policies.Request("llm:generate") with { Context = Context });

        Assert.Equal("the request names no resource; the rule asks for one of `voice/*`", explanation.Trials[1].Detail);
        Assert.Equal(TrialOutcome.ResourceAbsent, explanation.Trials[5].Outcome);
        Assert.Equal(ReasonCodes.ResourceRequired, explanation.Evaluation.Decision.ReasonCode);
    }
}
