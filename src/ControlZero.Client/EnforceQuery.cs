namespace ControlZero.Client;

/// <summary>One question: may this agent do this now?</summary>
public sealed record EnforceQuery
{
    /// <summary>What the agent wants to do, for example <c>llm.generate</c>. Required; at most 256 bytes.</summary>
    public required string Action { get; init; }

    /// <summary>What it wants to do it with, for example <c>model/openai/gpt-4</c>. At most 1 KiB. Default: nothing in particular.</summary>
    public string? Resource { get; init; }

    /// <summary>
    /// Several resources of which each must be allowed, for example the model and its fallbacks; at most 64, none of them empty. One decision
    /// for all, counted once. With <see cref="Resource"/>, that is one more of them, before these. Default: none.
    /// </summary>
    public IReadOnlyList<string>? CandidateResources { get; init; }

    /// <summary>The agent. Default: the one of the options, else of the environment, else the one the key is bound to.</summary>
    public string? AgentId { get; init; }

    /// <summary>
    /// Facts for conditions: text, truth values, numbers, null, dictionaries of text to these, and lists of these. At most 64 entries and 64 KiB.
    /// Default: none.
    /// </summary>
    public IReadOnlyDictionary<string, object?>? Context { get; init; }

    /// <summary>What the call is expected to use, for limits of tokens and money. Default: nothing is said.</summary>
    public EnforceEstimate? Estimate { get; init; }

    /// <summary>The program's own id for this question, the same on every attempt. Default: a new one.</summary>
    public string? RequestId { get; init; }

    /// <summary>
    /// Ask without counting, charging or registering the agent. Ask again without it before the agent acts. Default: false.
    /// </summary>
    public bool DryRun { get; init; }

    /// <summary>
    /// The oldest policy epoch the decision may be made under: <see cref="EnforceDecision.PolicyEpoch"/> of an answer, or the epoch a publish or a
    /// suspension was acknowledged with, to be sure that it is seen, whichever server answers. An epoch the tenant never had is a
    /// <see cref="ControlZeroException"/> (<c>FailedPrecondition</c>, <c>POLICY_EPOCH_NOT_REACHED</c>) whose <c>Metadata</c> has <c>expected</c> and
    /// <c>current</c>; it is not asked again, here or elsewhere, for all servers answer it from the same storage. Default: 0, any.
    /// </summary>
    public ulong MinPolicyEpoch { get; init; }
}
