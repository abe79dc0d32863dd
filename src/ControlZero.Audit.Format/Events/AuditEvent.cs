using System.Collections.Immutable;

namespace ControlZero.Audit.Format.Events;

/// <summary>
/// What is recorded of one answer: who asked for what, what was answered and by which rule. Never a prompt; free text is redacted before it
/// gets here, and a context is its digest and the keys an operator chose.
/// </summary>
/// <remarks>One is made for every answer, and its size is held to by a test: small members are stored small, so that a rare one costs the others nothing.</remarks>
public sealed record AuditEvent
{
    /// <summary>The largest line of an event. Texts are cut until it fits. Unit: bytes.</summary>
    public const int MaxBytes = 16 * 1024;

    // 0: no rule decided.
    private readonly int _ruleNumber;

    /// <summary>What is recorded.</summary>
    public required AuditEventKind Kind { get; init; }

    /// <summary>Id of the decision, a ULID. An amendment has the id of the decision it amends.</summary>
    public required string DecisionId { get; init; }

    /// <summary>When it was recorded, in UTC, to the millisecond.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The tenant of the key that asked.</summary>
    public required string Tenant { get; init; }

    /// <summary>The agent that wants to act.</summary>
    public required string Agent { get; init; }

    /// <summary>The caller's id of the request, or the one the server made.</summary>
    public required string RequestId { get; init; }

    /// <summary>What the agent wants to do.</summary>
    public required string Action { get; init; }

    /// <summary>What it wants to do it with. Empty: nothing.</summary>
    public string Resource { get; init; } = "";

    /// <summary>Resources of which each had to be allowed. Empty: there were none.</summary>
    public ImmutableArray<string> Candidates { get; init; } = [];

    /// <summary>The candidate that was denied. Empty: none was.</summary>
    public string DeniedResource { get; init; } = "";

    /// <summary>Digest of the request's context, as the README says. Empty: it had none.</summary>
    public string ContextDigest { get; init; } = "";

    /// <summary>Values of the context keys an operator chose, in the order of the setting.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Context { get; init; } = [];

    /// <summary>True: the answer allowed. False: it denied, or the event records no decision.</summary>
    public required bool Allowed { get; init; }

    /// <summary>Effect of the rule or default that decided. Empty: the event records no decision, but what became of a reservation.</summary>
    public required string Effect { get; init; }

    /// <summary>Why, in a word.</summary>
    public required string ReasonCode { get; init; }

    /// <summary>Why, in a sentence.</summary>
    public string Reason { get; init; } = "";

    /// <summary>The policy whose rule decided. Empty: none did.</summary>
    public string Policy { get; init; } = "";

    /// <summary>Version of that policy. 0: no rule decided.</summary>
    public long PolicyVersion { get; init; }

    /// <summary>The tenant's epoch it was decided under.</summary>
    public ulong PolicyEpoch { get; init; }

    /// <summary>The rule, or a synthetic id.</summary>
    public required string RuleId { get; init; }

    /// <summary>Position of the rule in its policy, from 0. Null: no rule decided.</summary>
    public int? RuleIndex
    {
        get => _ruleNumber == 0 ? null : _ruleNumber - 1;
        init => _ruleNumber = value is { } index ? index + 1 : 0;
    }

    /// <summary>How many rules were looked at.</summary>
    public int EvaluatedRules { get; init; }

    /// <summary>What policies in shadow would have made of it. Null: none applied, or no policy was asked.</summary>
    public ShadowRecord? Shadow { get; init; }

    /// <summary>Names of what the caller must also do when it acts.</summary>
    public ImmutableArray<string> Obligations { get; init; } = [];

    /// <summary>What was charged, a limit each. Empty: nothing was.</summary>
    public ImmutableArray<ChargedUnits> Charged { get; init; } = [];

    /// <summary>The reservation that was made, settled or cancelled. Empty: none was.</summary>
    public string Reservation { get; init; } = "";

    /// <summary>Public id of the key that asked.</summary>
    public required string KeyId { get; init; }

    /// <summary>The silo whose front door answered.</summary>
    public required string Silo { get; init; }

    /// <summary>True: decided without counting or charging.</summary>
    public bool DryRun { get; init; }

    /// <summary>True: the answer repeats an earlier one with the same request id.</summary>
    public bool Replayed { get; init; }

    /// <summary>True: a settlement that came after its reservation had expired.</summary>
    public bool Late { get; init; }

    /// <summary>Kinds of what was taken out of texts, for example <c>secret</c>.</summary>
    public RedactedKinds Redacted { get; init; }

    /// <summary>Fields that were too long, and the SHA-256 of what they were, after redaction. Empty: none was.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Cut { get; init; } = [];
}

/// <summary>Units that a decision took from a limit, or that settling gave back.</summary>
/// <param name="Policy">Policy that states the limit.</param>
/// <param name="Limit">Name of the limit within it.</param>
/// <param name="Metric">What it counts.</param>
/// <param name="Units">How much was taken, in the unit of the metric (money in nano-USD). Negative: given back.</param>
public readonly record struct ChargedUnits(string Policy, string Limit, string Metric, long Units);
