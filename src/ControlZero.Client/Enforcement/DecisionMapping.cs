using ControlZero.Client.Routing;
using ControlZero.Protocol.V1;

namespace ControlZero.Client.Enforcement;

/// <summary>Questions to messages, answers to decisions, and the decisions the client makes itself.</summary>
internal static class DecisionMapping
{
    public const string StateUnavailable = "STATE_UNAVAILABLE";
    public const string ObligationUnknown = "OBLIGATION_UNKNOWN";
    public const string PolicyStale = "POLICY_STALE";

    /// <summary>The message that asks the question, with a new request id unless the program gives one. Its agent may still be empty.</summary>
    /// <param name="query">The question.</param>
    /// <param name="path">What stands before the names of its fields in errors.</param>
    public static EnforceRequest ToRequest(EnforceQuery query, string path = "") => new()
    {
        RequestId = string.IsNullOrEmpty(query.RequestId) ? Guid.NewGuid().ToString() : query.RequestId,
        AgentId = query.AgentId ?? "",
        Action = query.Action ?? "",
        Resource = query.Resource ?? "",
        // One that is missing is sent empty, which the cluster refuses by its position. Left out, it would not be asked for.
        CandidateResources = { (query.CandidateResources ?? []).Select(candidate => candidate ?? "") },
        Context = query.Context is null ? null : ContextMapping.ToStruct(query.Context, $"{path}context"),
        Estimate = query.Estimate is null ? null : LimitMapping.ToEstimate(query.Estimate),
        DryRun = query.DryRun,
        MinPolicyEpoch = query.MinPolicyEpoch,
    };

    /// <summary>
    /// The answer as the program may act on it: anything but a plain allow is a deny, and so is an allow with an obligation the program does not honour.
    /// </summary>
    public static EnforceDecision ToDecision(EnforceResponse response, EnforceRequest request, ISet<string> honoured)
    {
        var decision = ToDecision(response, request);
        if (response.Decision is not (Decision.Allow or Decision.Deny))
        {
            return decision with
            {
                Source = DecisionSource.Client,
                Effect = "deny",
                ReasonCode = StateUnavailable,
                Reason = $"the cluster answered without a decision (`{(int)response.Decision}`); update the client if the cluster is newer",
            };
        }

        var unknown = decision.Obligations.FirstOrDefault(obligation => !honoured.Contains(obligation.Name));
        return !decision.Allowed || unknown is null ? decision : decision with
        {
            Allowed = false,
            Source = DecisionSource.Client,
            Effect = "deny",
            ReasonCode = ObligationUnknown,
            Reason = $"the allow asks for `{unknown.Name}`, which the program does not honour; honour it and add it to the option Obligations",
        };
    }

    /// <summary>
    /// Whether an answer is the deny of a server that cannot confirm what is in force. An allow it could not let out may have been charged: the same
    /// question, with the same request id, is answered with that charge by whoever can.
    /// </summary>
    /// <param name="response">The answer.</param>
    /// <param name="owner">The owner of the agent, if the server named one that is known.</param>
    public static Staleness? StalenessOf(EnforceResponse response, Endpoint? owner = null) =>
        response is { Decision: Decision.Deny, ReasonCode: PolicyStale } ? new(response.RetryAfter?.ToTimeSpan() ?? TimeSpan.Zero, owner) : null;

    /// <summary>What the client says when no decision arrived.</summary>
    public static EnforceDecision WithoutAnswer(EnforceRequest request, ControlZeroClientOptions options, string why)
    {
        var allowed = options.OnUnavailable == OnUnavailable.Allow;
        return new()
        {
            Allowed = allowed,
            Source = DecisionSource.Client,
            Effect = allowed ? "allow" : "deny",
            ReasonCode = StateUnavailable,
            Reason = $"no decision arrived from `{options.Url}`: {why}",
            RequestId = request.RequestId,
            DryRun = request.DryRun,
        };
    }

    private static EnforceDecision ToDecision(EnforceResponse response, EnforceRequest request) => new()
    {
        Allowed = response.Decision == Decision.Allow,
        Source = DecisionSource.Server,
        Effect = response.Effect,
        ReasonCode = response.ReasonCode,
        Reason = response.Reason,
        RequestId = response.RequestId.Length > 0 ? response.RequestId : request.RequestId,
        DecisionId = response.DecisionId,
        Policy = response.Policy,
        PolicyVersion = response.PolicyVersion,
        RuleId = response.RuleId,
        RuleIndex = response.HasRuleIndex ? response.RuleIndex : null,
        DeniedResource = response.DeniedResource.Length > 0 ? response.DeniedResource : null,
        EvaluatedRules = response.EvaluatedRules,
        PolicyEpoch = response.PolicyEpoch,
        Shadow = response.Shadow is { } shadow
            ? new EnforceShadow(shadow.Decision == Decision.Allow, shadow.Effect, shadow.ReasonCode, shadow.RuleId, shadow.Policy, shadow.PolicyVersion)
            : null,
        Reservation = LimitMapping.ToReservation(response.Reservation),
        Limits = LimitMapping.ToLimits(response.Limits),
        RetryAfter = response.RetryAfter?.ToTimeSpan(),
        Replayed = response.Replayed,
        DryRun = response.DryRun,
        Obligations = [.. response.Obligations.Select(o => new EnforceObligation(o.Name, ContextMapping.ToDictionary(o.Parameters)))],
        ReasonLocalized = new Dictionary<string, string>(response.ReasonLocalized),
    };
}
