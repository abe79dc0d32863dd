namespace ControlZero.Audit.Format.Events;

/// <summary>What policies would have decided, were those in shadow in force beside the others.</summary>
/// <param name="Allowed">True: they would have allowed.</param>
/// <param name="Effect">Effect of the rule or default that would have decided.</param>
/// <param name="ReasonCode">Why, in a word.</param>
/// <param name="Policy">The policy whose rule would have decided. Empty: none would.</param>
/// <param name="PolicyVersion">Version of that policy. 0: no rule would have decided.</param>
/// <param name="RuleId">The rule, or a synthetic id.</param>
public sealed record ShadowRecord(bool Allowed, string Effect, string ReasonCode, string Policy, long PolicyVersion, string RuleId);
