namespace ControlZero.Client;

/// <summary>Which reserved call has ended, and what it used.</summary>
public sealed record Settlement
{
    /// <summary>The token of <see cref="EnforceDecision.Reservation"/>. Required.</summary>
    public required string Token { get; init; }

    /// <summary>The agent the reservation is for. Default: as in a question.</summary>
    public string? AgentId { get; init; }

    /// <summary>What was used. Default: it is not known, and the reservation ends at its charge.</summary>
    public CallUsage? Usage { get; init; }

    /// <summary>The model that answered, as <c>model/&lt;model&gt;</c>. Default: the one that was asked for.</summary>
    public string? ResponseModel { get; init; }
}

/// <summary>
/// What a call really used. A figure that is null is not known, and its charge stays as it was reserved; zero is a figure. Each is from 0 to 10^12.
/// </summary>
public sealed record CallUsage
{
    /// <summary>Tokens of the prompt, cached ones included.</summary>
    public long? InputTokens { get; init; }

    /// <summary>Tokens of the answer, reasoning included.</summary>
    public long? OutputTokens { get; init; }

    /// <summary>Of <see cref="InputTokens"/>, those the provider read from its cache.</summary>
    public long? CachedInputTokens { get; init; }

    /// <summary>Of <see cref="InputTokens"/>, those the provider wrote to its cache.</summary>
    public long? CacheWriteTokens { get; init; }

    /// <summary>Of <see cref="OutputTokens"/>, those of reasoning.</summary>
    public long? ReasoningTokens { get; init; }

    /// <summary>What the provider billed, in nano-USD. Default: computed from the tokens and the cluster's price table.</summary>
    public long? CostNanosUsd { get; init; }
}

/// <summary>A reservation has ended.</summary>
public sealed record SettleOutcome
{
    /// <summary>The reservation had expired before: the use was recorded all the same.</summary>
    public bool Late { get; init; }

    /// <summary>It had been settled or cancelled in the same way before: nothing was charged or given back again.</summary>
    public bool Replayed { get; init; }

    /// <summary>More was used than reserved. Never after <see cref="ControlZeroClient.CancelAsync"/>.</summary>
    public bool Overrun { get; init; }

    /// <summary>The answer came from a model that was not authorised. Never after <see cref="ControlZeroClient.CancelAsync"/>.</summary>
    public bool ModelDrift { get; init; }

    /// <summary>The limits the reservation was charged to, as they are now.</summary>
    public IReadOnlyList<LimitUsage> Limits { get; init; } = [];
}
