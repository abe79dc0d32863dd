using ControlZero.Chaos.Records;
using ControlZero.Client;
using ControlZero.Protocol.V1;
using ControlZero.Servers.Audit;

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
        Shadow = ShadowOf(answer.Shadow),
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
        Shadow = decision.Shadow is { } shadow
            ? ReceivedAnswer.ShadowOf(shadow.Allowed, shadow.Effect, shadow.ReasonCode, shadow.Policy, shadow.PolicyVersion, shadow.RuleId)
            : null,
        Reservation = decision.Reservation?.Token,
        Replayed = decision.Replayed,
        Windows = Windows(decision.Limits.Select(limit => (limit.Name, limit.ResetsAt))),
    };

    public static string? ShadowOf(ShadowDecision? shadow) => shadow is null
        ? null
        : ReceivedAnswer.ShadowOf(shadow.Decision == Decision.Allow, shadow.Effect, shadow.ReasonCode, shadow.Policy, shadow.PolicyVersion, shadow.RuleId);

    private static List<ChargedWindow>? Windows(IEnumerable<(string Name, DateTimeOffset? Ends)> limits)
    {
        List<ChargedWindow> windows = [.. limits.Select(limit => new ChargedWindow(limit.Name, limit.Ends?.ToUnixTimeMilliseconds() ?? 0))];
        return windows.Count > 0 ? windows : null;
    }
}
