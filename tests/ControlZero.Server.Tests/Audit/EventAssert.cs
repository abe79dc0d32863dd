using ControlZero.Protocol.V1;
using AuditEvent = ControlZero.Audit.Format.Events.AuditEvent;

namespace ControlZero.Server.Tests.Audit;

/// <summary>Whether an event says what an answer did, field by field, and what was asked.</summary>
internal static class EventAssert
{
    // Fields of the answer that an event leaves out, each for a reason: what the limits were at the moment and when to ask again is
    // no part of what was decided; languages and parameters are the policy's, under its version.
    private static readonly string[] LeftOut = ["limits", "retry_after", "reason_localized"];

    public static void Equal(string tenant, EnforceRequest request, EnforceResponse answer, AuditEvent audited)
    {
        Assert.Equal(Said(tenant, request, answer), Said(audited));

        // A field that the answer gets one day must be thought about here.
        Assert.Equal(
            [
                "decision", "decision_id", "denied_resource", "dry_run", "effect", "evaluated_rules", "limits", "obligations", "policy", "policy_epoch",
                "policy_version", "reason", "reason_code", "reason_localized", "replayed", "request_id", "reservation", "retry_after", "rule_id", "rule_index", "shadow",
            ],
            EnforceResponse.Descriptor.Fields.InDeclarationOrder().Select(field => field.Name).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["decision", "effect", "policy", "policy_version", "reason_code", "rule_id"],
            ShadowDecision.Descriptor.Fields.InDeclarationOrder().Select(field => field.Name).Order(StringComparer.Ordinal));
        Assert.All(LeftOut, name => Assert.NotNull(EnforceResponse.Descriptor.FindFieldByName(name)));
    }

    private static string Said(string tenant, EnforceRequest request, EnforceResponse answer) => string.Join(
        '\n',
        tenant,
        request.AgentId,
        request.Action,
        request.Resource,
        string.Join(',', request.CandidateResources),
        answer.DecisionId,
        answer.RequestId,
        answer.Decision == Decision.Allow,
        answer.Effect,
        answer.ReasonCode,
        answer.Reason,
        answer.Policy,
        answer.PolicyVersion,
        answer.PolicyEpoch,
        answer.RuleId,
        answer.HasRuleIndex ? answer.RuleIndex : null,
        answer.EvaluatedRules,
        answer.DeniedResource,
        answer.DryRun,
        answer.Replayed,
        answer.Reservation?.Token,
        answer.Shadow is { } shadow
            ? (shadow.Decision == Decision.Allow, shadow.Effect, shadow.ReasonCode, shadow.Policy, shadow.PolicyVersion, shadow.RuleId)
            : null,
        string.Join(',', answer.Obligations.Select(obligation => obligation.Name)));

    private static string Said(AuditEvent audited) => string.Join(
        '\n',
        audited.Tenant,
        audited.Agent,
        audited.Action,
        audited.Resource,
        string.Join(',', audited.Candidates),
        audited.DecisionId,
        audited.RequestId,
        audited.Allowed,
        audited.Effect,
        audited.ReasonCode,
        audited.Reason,
        audited.Policy,
        audited.PolicyVersion,
        audited.PolicyEpoch,
        audited.RuleId,
        audited.RuleIndex,
        audited.EvaluatedRules,
        audited.DeniedResource,
        audited.DryRun,
        audited.Replayed,
        audited.Reservation.Length == 0 ? null : audited.Reservation,
        audited.Shadow is { } shadow ? (shadow.Allowed, shadow.Effect, shadow.ReasonCode, shadow.Policy, shadow.PolicyVersion, shadow.RuleId) : null,
        string.Join(',', audited.Obligations));
}
