using ControlZero.Chaos.Records;
using ControlZero.Client;
using ControlZero.Protocol.V1;

namespace ControlZero.Chaos.Load;

/// <summary>From an answer, as it came or as the client shows it, to what the record keeps of it.</summary>
internal static class AnswerMapping
{
    public static Answer Of(EnforceResponse answer) => new(
        answer.Decision == Decision.Allow,
        answer.Effect,
        answer.ReasonCode,
        answer.RuleId,
        answer.HasRuleIndex ? answer.RuleIndex : null,
        answer.Policy,
        answer.PolicyVersion,
        answer.EvaluatedRules)
    {
        DecisionId = answer.DecisionId,
        Words = answer.Reason,
        Reservation = answer.Reservation?.Token,
        Replayed = answer.Replayed,
        Windows = Windows(answer.Limits.Select(limit => (limit.Name, limit.ResetsAt?.ToDateTimeOffset()))),
    };

    public static Answer Of(EnforceDecision decision) => new(
        decision.Allowed,
        decision.Effect,
        decision.ReasonCode,
        decision.RuleId,
        decision.RuleIndex,
        decision.Policy,
        decision.PolicyVersion,
        decision.EvaluatedRules)
    {
        DecisionId = decision.DecisionId,
        Words = decision.Reason,
        Reservation = decision.Reservation?.Token,
        Replayed = decision.Replayed,
        Windows = Windows(decision.Limits.Select(limit => (limit.Name, limit.ResetsAt))),
    };

    private static List<ChargedWindow>? Windows(IEnumerable<(string Name, DateTimeOffset? Ends)> limits)
    {
        List<ChargedWindow> windows = [.. limits.Select(limit => new ChargedWindow(limit.Name, limit.Ends?.ToUnixTimeMilliseconds() ?? 0))];
        return windows.Count > 0 ? windows : null;
    }
}
