using ControlZero.Chaos.Records;
using ControlZero.Protocol.V1;

namespace ControlZero.Chaos.Load;

/// <summary>From an event as a server shows it to what the record keeps of it.</summary>
internal static class FoundMapping
{
    public static FoundEvent Of(AuditEvent found, RecordWriter record) => new(
        record.When(found.Time.ToDateTimeOffset()),
        found.Silo,
        found.Generation,
        found.Sequence,
        found.RequestId,
        found.AgentId,
        found.Action,
        found.Resource,
        found.PolicyEpoch,
        new Answer(
            found.Decision == Decision.Allow,
            found.Effect,
            found.ReasonCode,
            found.RuleId,
            found.HasRuleIndex ? found.RuleIndex : null,
            found.Policy,
            found.PolicyVersion,
            found.EvaluatedRules)
        {
            DecisionId = found.DecisionId,
            Words = found.Reason,
            Shadow = AnswerMapping.ShadowOf(found.Shadow),
            Reservation = found.Reservation.Length == 0 ? null : found.Reservation,
            Replayed = found.Replayed,
        });
}
