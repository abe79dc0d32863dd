using ControlZero.Audit.Format.Events;
using ControlZero.Protocol.V1;
using Google.Protobuf.WellKnownTypes;
using AuditEvent = ControlZero.Audit.Format.Events.AuditEvent;

namespace ControlZero.Server.Audit.Reading;

/// <summary>From events to their messages.</summary>
internal static class EventMessages
{
    public static Protocol.V1.AuditEvent ToMessage(SiloEvent found, string tenant)
    {
        var audited = Read(found, tenant);
        var message = new Protocol.V1.AuditEvent
        {
            Kind = (Protocol.V1.AuditEventKind)audited.Kind,
            DecisionId = audited.DecisionId,
            Time = audited.Time.ToTimestamp(),
            AgentId = audited.Agent,
            RequestId = audited.RequestId,
            Action = audited.Action,
            Resource = audited.Resource,
            CandidateResources = { audited.Candidates },
            DeniedResource = audited.DeniedResource,
            ContextSha256 = audited.ContextDigest,
            Decision = audited.Effect.Length == 0 ? Decision.Unspecified : audited.Allowed ? Decision.Allow : Decision.Deny,
            Effect = audited.Effect,
            ReasonCode = audited.ReasonCode,
            Reason = audited.Reason,
            Policy = audited.Policy,
            PolicyVersion = audited.PolicyVersion,
            PolicyEpoch = audited.PolicyEpoch,
            RuleId = audited.RuleId,
            EvaluatedRules = audited.EvaluatedRules,
            Obligations = { audited.Obligations },
            Charged =
            {
                audited.Charged.Select(charge => new Protocol.V1.ChargedUnits
                {
                    Policy = charge.Policy,
                    Limit = charge.Limit,
                    Metric = charge.Metric,
                    Units = charge.Units,
                }),
            },
            Reservation = audited.Reservation,
            KeyId = audited.KeyId,
            DryRun = audited.DryRun,
            Replayed = audited.Replayed,
            Late = audited.Late,
            Redacted = { audited.Redacted.ToWords() },
            Silo = found.Place.Silo,
            Generation = found.Place.Generation,
            Sequence = found.Place.Sequence,
        };
        if (audited.Shadow is { } shadow)
        {
            message.Shadow = new ShadowDecision
            {
                Decision = shadow.Allowed ? Decision.Allow : Decision.Deny,
                Effect = shadow.Effect,
                ReasonCode = shadow.ReasonCode,
                Policy = shadow.Policy,
                PolicyVersion = shadow.PolicyVersion,
                RuleId = shadow.RuleId,
            };
        }

        if (audited.RuleIndex is { } index)
        {
            message.RuleIndex = index;
        }

        foreach (var (key, value) in audited.Context)
        {
            message.Context[key] = value;
        }

        foreach (var (field, digest) in audited.Cut)
        {
            message.Cut[field] = digest;
        }

        return message;
    }

    /// <summary>The event itself.</summary>
    public static AuditEvent Read(SiloEvent found, string tenant) =>
        EventJson.Read(found.Body, tenant, new DateTimeOffset(found.Time, TimeSpan.Zero), found.Place.Silo);
}
