using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Policies;

namespace ControlZero.Engine.Evaluation;

/// <summary>Words the decisions that a rule can make.</summary>
internal sealed class RuleDecisions(CompiledRule rule)
{
    private readonly string _name = $"rule {Quoted.Text(rule.RuleId)} of policy {Quoted.Text(rule.Policy)}";

    /// <summary>The rule matched.</summary>
    public Decision Matched() => new()
    {
        Effect = rule.Rule.Effect,
        ReasonCode = rule.Rule.ReasonCode ?? ReasonCodes.RuleMatch,
        Reason = rule.Rule.Reason ?? $"{Verb()} by {_name}",
        RuleId = rule.RuleId,
        RuleIndex = rule.Rule.Index,
        Policy = rule.Policy,
        PolicyVersion = rule.PolicyVersion,
        ReasonLocalized = rule.Rule.ReasonLocalized,
        Obligations = rule.Rule.Obligations,
    };

    /// <summary>A deny would match, did the request name a resource.</summary>
    public Decision ResourceRequired() => Denied(ReasonCodes.ResourceRequired,
        $"denied by {_name}: the rule asks for a resource and the request names none; name the resource");

    /// <summary>A deny would match, were a value of the type that its condition asks for.</summary>
    public Decision ConditionError() => Denied(ReasonCodes.ConditionError,
        $"denied by {_name}: a condition met a value of the wrong type; send the value in the type that the condition asks for");

    private Decision Denied(string code, string reason) => new()
    {
        Effect = Effect.Deny,
        ReasonCode = code,
        Reason = reason,
        RuleId = rule.RuleId,
        RuleIndex = rule.Rule.Index,
        Policy = rule.Policy,
        PolicyVersion = rule.PolicyVersion,
    };

    private string Verb() => rule.Rule.Effect switch
    {
        Effect.Deny => "denied",
        Effect.Warn => "allowed with a warning",
        Effect.Audit => "allowed and marked for audit",
        _ => "allowed",
    };
}
