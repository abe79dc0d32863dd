using System.Runtime.CompilerServices;
using ControlZero.Abstractions.Agents;
using ControlZero.Engine.Policies;
using ControlZero.Grains.Catalog;
using ControlZero.Protocol.V1;
using Google.Protobuf.WellKnownTypes;
using EngineOutcome = ControlZero.Engine.Evaluation.TrialOutcome;
using EngineTrial = ControlZero.Engine.Evaluation.RuleTrial;
using ShadowAnswer = ControlZero.Engine.Evaluation.ShadowAnswer;
using ReasonCodes = ControlZero.Engine.Evaluation.ReasonCodes;

namespace ControlZero.Server.Enforcement;

/// <summary>From decisions to their messages. The only place.</summary>
internal static class EnforceMapping
{
    private static readonly Duration RetryWhenStale = Duration.FromTimeSpan(TimeSpan.FromSeconds(1));
    // A rule's obligations are the same in each of its answers: their messages are made once, and only ever read.
    private static readonly ConditionalWeakTable<Engine.Policies.Obligation, Protocol.V1.Obligation> Obligations = [];

    public static EnforceResponse ToResponse(Authorization authorization, string decisionId, string requestId, bool dryRun)
    {
        var decision = authorization.Decision;
        var response = new EnforceResponse
        {
            Decision = decision.Allowed ? Decision.Allow : Decision.Deny,
            Effect = decision.Effect.ToWord(),
            ReasonCode = decision.ReasonCode,
            DecisionId = decisionId,
            Reason = decision.Reason,
            Policy = decision.Policy,
            PolicyVersion = decision.PolicyVersion,
            RuleId = decision.RuleId,
            EvaluatedRules = authorization.EvaluatedRules,
            PolicyEpoch = authorization.Epoch,
            RequestId = requestId,
            DeniedResource = authorization.DeniedResource ?? "",
            DryRun = dryRun,
        };
        if (decision.RuleIndex is { } index)
        {
            response.RuleIndex = index;
        }

        if (decision.Shadow is { } shadow)
        {
            response.Shadow = ToMessage(shadow);
        }

        if (decision.ReasonCode == ReasonCodes.PolicyStale)
        {
            response.RetryAfter = RetryWhenStale;
        }

        if (authorization.Quota is { } quota)
        {
            QuotaMapping.Add(quota, response);
        }

        if (!decision.Obligations.IsEmpty)
        {
            response.Obligations.Add(decision.Obligations.Select(obligation => Obligations.GetValue(obligation, ToMessage)));
        }

        if (!decision.ReasonLocalized.IsEmpty)
        {
            response.ReasonLocalized.Add(decision.ReasonLocalized);
        }

        return response;
    }

    /// <summary>
    /// What becomes of an allow that could not leave in time: a deny of the same id, of the same request. What policies in shadow said rests on what could
    /// not be confirmed either, and is not repeated.
    /// </summary>
    public static EnforceResponse Withhold(EnforceResponse response) => ToResponse(
        new Authorization(Admission.Stale, response.EvaluatedRules, response.PolicyEpoch), response.DecisionId, response.RequestId, response.DryRun);

    public static RuleTrial ToMessage(EngineTrial trial) => new()
    {
        Policy = trial.Policy,
        PolicyVersion = trial.PolicyVersion,
        RuleId = trial.RuleId,
        RuleIndex = trial.RuleIndex,
        Effect = trial.Effect.ToWord(),
        Outcome = trial.Outcome switch
        {
            EngineOutcome.Matched => TrialOutcome.Matched,
            EngineOutcome.ActionDiffers => TrialOutcome.ActionDiffers,
            EngineOutcome.ResourceDiffers => TrialOutcome.ResourceDiffers,
            EngineOutcome.ResourceAbsent => TrialOutcome.ResourceAbsent,
            EngineOutcome.ConditionFalse => TrialOutcome.ConditionFalse,
            EngineOutcome.ConditionError => TrialOutcome.ConditionError,
            _ => TrialOutcome.Unspecified,
        },
        Detail = trial.Detail,
        Resource = trial.Resource ?? "",
    };

    public static EnforceBatchResult ToResult(EnforceOutcome outcome) =>
        outcome.Error is { } error ? new EnforceBatchResult { Error = error } : new EnforceBatchResult { Response = outcome.Response };

    public static EnforceStreamResponse ToAnswer(ulong correlationId, EnforceOutcome outcome) => outcome switch
    {
        { Error: { } error } => new EnforceStreamResponse { CorrelationId = correlationId, Error = error },
        { Ended: { } ended } => ended,
        _ => new EnforceStreamResponse { CorrelationId = correlationId, Response = outcome.Response },
    };

    private static ShadowDecision ToMessage(ShadowAnswer shadow) => new()
    {
        Decision = shadow.Allowed ? Decision.Allow : Decision.Deny,
        Effect = shadow.Effect.ToWord(),
        ReasonCode = shadow.ReasonCode,
        Policy = shadow.Policy,
        PolicyVersion = shadow.PolicyVersion,
        RuleId = shadow.RuleId,
    };

    private static Protocol.V1.Obligation ToMessage(Engine.Policies.Obligation obligation) => new()
    {
        Name = obligation.Name,
        Parameters = obligation.Parameters is { } parameters ? ContextMapping.ToStruct(parameters) : null,
    };
}
