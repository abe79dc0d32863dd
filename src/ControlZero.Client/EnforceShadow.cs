namespace ControlZero.Client;

/// <summary>
/// What would have been decided, were the policies in shadow mode in force beside the others. It says what enforcing them would change, and permits nothing.
/// Limits and suspensions have no part in it.
/// </summary>
/// <param name="Allowed">Whether the agent could have acted.</param>
/// <param name="Effect">The effect that would have decided: <c>allow</c>, <c>deny</c>, <c>warn</c> or <c>audit</c>.</param>
/// <param name="ReasonCode">Why, in a word, as in <see cref="EnforceDecision.ReasonCode"/>.</param>
/// <param name="RuleId">The rule's id, or a synthetic one when no rule would have decided.</param>
/// <param name="Policy">Name of the rule's policy, which need not be one in shadow. Empty: no rule would have decided.</param>
/// <param name="PolicyVersion">Version of that policy, from 1. 0: no rule would have decided.</param>
public sealed record EnforceShadow(bool Allowed, string Effect, string ReasonCode, string RuleId, string Policy, long PolicyVersion);
