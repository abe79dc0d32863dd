namespace ControlZero.Client;

/// <summary>One answer.</summary>
public sealed record EnforceDecision
{
    /// <summary>Whether the agent may act.</summary>
    public required bool Allowed { get; init; }

    /// <summary>Who made the decision.</summary>
    public required DecisionSource Source { get; init; }

    /// <summary>The effect that decided: <c>allow</c>, <c>deny</c>, <c>warn</c> or <c>audit</c>. All but <c>deny</c> permit.</summary>
    public required string Effect { get; init; }

    /// <summary>
    /// Why, in a word: <c>RULE_MATCH</c>, <c>NO_RULE_MATCH</c>, … or a code of the rule's own. The client itself says <c>STATE_UNAVAILABLE</c>
    /// (no decision arrived) and <c>OBLIGATION_UNKNOWN</c>. There may be codes this version does not know.
    /// </summary>
    public required string ReasonCode { get; init; }

    /// <summary>Why, in a sentence. For people.</summary>
    public required string Reason { get; init; }

    /// <summary>The id of the question, the program's own or the client's.</summary>
    public required string RequestId { get; init; }

    /// <summary>Id of the decision in the audit log. Empty: no decision arrived.</summary>
    public string DecisionId { get; init; } = "";

    /// <summary>Name of the policy whose rule decided. Empty: no rule did.</summary>
    public string Policy { get; init; } = "";

    /// <summary>Version of that policy, from 1. 0: no rule decided.</summary>
    public long PolicyVersion { get; init; }

    /// <summary>The rule's id, or a synthetic one when no rule decided. Empty: no decision arrived.</summary>
    public string RuleId { get; init; } = "";

    /// <summary>Position of the rule in its policy, from 0. Null: no rule decided.</summary>
    public int? RuleIndex { get; init; }

    /// <summary>The first resource that was denied, of a question about several. Null: none was, or the question names no candidates.</summary>
    public string? DeniedResource { get; init; }

    /// <summary>How many rules were looked at, the deciding one included.</summary>
    public int EvaluatedRules { get; init; }

    /// <summary>The state of the tenant's policies the decision was made under. It grows with every change.</summary>
    public ulong PolicyEpoch { get; init; }

    /// <summary>What policies in shadow mode would have made of it. Null: none applies to the agent, or no policy was asked.</summary>
    public EnforceShadow? Shadow { get; init; }

    /// <summary>What is held for the call until it is settled or cancelled. Null: nothing.</summary>
    public EnforceReservation? Reservation { get; init; }

    /// <summary>The limits that count the call, and what is left of them. Empty: none does, or a rule denied it.</summary>
    public IReadOnlyList<LimitUsage> Limits { get; init; } = [];

    /// <summary>When it makes sense to ask again. Null: asking again does not help, or need not wait.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>True when an earlier question with the same id was charged: this one was not.</summary>
    public bool Replayed { get; init; }

    /// <summary>True when the question was a dry run: nothing was counted, charged or registered.</summary>
    public bool DryRun { get; init; }

    /// <summary>What the program must also do when it acts.</summary>
    public IReadOnlyList<EnforceObligation> Obligations { get; init; } = [];

    /// <summary>Why, by language tag. Empty: the rule says it in one language only.</summary>
    public IReadOnlyDictionary<string, string> ReasonLocalized { get; init; } = new Dictionary<string, string>();
}

/// <summary>Who made a decision.</summary>
public enum DecisionSource
{
    /// <summary>The cluster.</summary>
    Server = 0,

    /// <summary>The client: no decision arrived, or the program does not honour an obligation of an allow.</summary>
    Client = 1,
}

/// <summary>Something the program must do when it acts on an allow.</summary>
/// <param name="Name">Which obligation, for example <c>redact_output</c>.</param>
/// <param name="Parameters">Its parameters: text, truth values, numbers, null, dictionaries and lists. Empty: it has none.</param>
public sealed record EnforceObligation(string Name, IReadOnlyDictionary<string, object?> Parameters);
