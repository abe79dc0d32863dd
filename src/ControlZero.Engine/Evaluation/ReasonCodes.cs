using System.Collections.Frozen;

namespace ControlZero.Engine.Evaluation;

/// <summary>The system's own reason codes. A rule may carry a code of its own, but none of these.</summary>
public static class ReasonCodes
{
    /// <summary>A rule matched and decided.</summary>
    public const string RuleMatch = "RULE_MATCH";

    /// <summary>No rule matched; the strictest default action decided.</summary>
    public const string NoRuleMatch = "NO_RULE_MATCH";

    /// <summary>No policy applies to the agent; the tenant's default decided.</summary>
    public const string NoActivePolicies = "NO_ACTIVE_POLICIES";

    /// <summary>A deny that is scoped to resources met a request that names none.</summary>
    public const string ResourceRequired = "RESOURCE_REQUIRED";

    /// <summary>A condition of a deny met a value of the wrong type.</summary>
    public const string ConditionError = "CONDITION_ERROR";

    /// <summary>Matching the policies against the request would have taken longer than a decision may.</summary>
    public const string EvaluationLimit = "EVALUATION_LIMIT";

    /// <summary>The agent was never registered, and the tenant denies such agents or has no room left.</summary>
    public const string AgentUnknown = "AGENT_UNKNOWN";

    /// <summary>Somebody suspended the agent.</summary>
    public const string AgentSuspended = "AGENT_SUSPENDED";

    /// <summary>Somebody suspended the tenant.</summary>
    public const string TenantSuspended = "TENANT_SUSPENDED";

    /// <summary>Somebody suspended the model.</summary>
    public const string ModelSuspended = "MODEL_SUSPENDED";

    /// <summary>The server could not confirm what is in force for longer than it may go on without.</summary>
    public const string PolicyStale = "POLICY_STALE";

    /// <summary>A limit has not so much left as the call would take.</summary>
    public const string QuotaExceeded = "QUOTA_EXCEEDED";

    /// <summary>The same of a limit of money.</summary>
    public const string BudgetExceeded = "BUDGET_EXCEEDED";

    /// <summary>The same of a limit of calls in flight.</summary>
    public const string ConcurrencyExceeded = "CONCURRENCY_EXCEEDED";

    /// <summary>A limit of tokens or money applies, and neither the call nor the limit says what to charge.</summary>
    public const string EstimateRequired = "ESTIMATE_REQUIRED";

    /// <summary>A limit of money applies, and neither the price table nor the limit has a price for the model.</summary>
    public const string PriceUnknown = "PRICE_UNKNOWN";

    /// <summary>Storage does not answer, and what was reserved of a limit is used up.</summary>
    public const string StateUnavailable = "STATE_UNAVAILABLE";

    /// <summary>True when policies decided: a rule, by whatever code, a default, or that matching was given up. Otherwise they were not asked, or overruled.</summary>
    public static bool IsOfPolicies(string code) =>
        code is RuleMatch or NoRuleMatch or NoActivePolicies or ResourceRequired or ConditionError or EvaluationLimit || !Reserved.Contains(code);

    /// <summary>Every code that a rule may not claim, those of features this build does not have yet included.</summary>
    public static FrozenSet<string> Reserved { get; } = new[]
    {
        RuleMatch, NoRuleMatch, NoActivePolicies, ResourceRequired, ConditionError, EvaluationLimit, AgentUnknown,
        AgentSuspended, TenantSuspended, ModelSuspended, PolicyStale,
        QuotaExceeded, BudgetExceeded, ConcurrencyExceeded, EstimateRequired, PriceUnknown, StateUnavailable,
    }.ToFrozenSet(StringComparer.Ordinal);
}

/// <summary>Rule ids of decisions that no rule made.</summary>
public static class SyntheticRules
{
    /// <summary>No rule matched.</summary>
    public const string NoRuleMatch = "synthetic:NO_RULE_MATCH";

    /// <summary>No rule matched and the default denies, but the action of a scoped rule did match: its resource did not.</summary>
    public const string ResourceGateSkip = "synthetic:RESOURCE_GATE_SKIP";

    /// <summary>No policy applies.</summary>
    public const string NoActivePolicies = "synthetic:NO_ACTIVE_POLICIES";

    /// <summary>Matching was given up, see <see cref="Limits.DecisionMaxSteps"/>.</summary>
    public const string EvaluationLimit = "synthetic:EVALUATION_LIMIT";

    /// <summary>The agent is not registered.</summary>
    public const string AgentUnknown = "synthetic:AGENT_UNKNOWN";

    /// <summary>The agent is suspended.</summary>
    public const string AgentSuspended = "synthetic:AGENT_SUSPENDED";

    /// <summary>The tenant is suspended.</summary>
    public const string TenantSuspended = "synthetic:TENANT_SUSPENDED";

    /// <summary>The model is suspended, or some is and the request asks one without naming it.</summary>
    public const string ModelSuspended = "synthetic:MODEL_SUSPENDED";

    /// <summary>What is in force could not be confirmed.</summary>
    public const string PolicyStale = "synthetic:POLICY_STALE";
}
