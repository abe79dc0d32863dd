namespace ControlZero.Client;

/// <summary>What an agent has been answered so far, and its limits.</summary>
public sealed record AgentUsage
{
    /// <summary>The agent.</summary>
    public required string AgentId { get; init; }

    /// <summary>Decisions that allowed.</summary>
    public required long Allowed { get; init; }

    /// <summary>Decisions that denied.</summary>
    public required long Denied { get; init; }

    /// <summary>When it was last asked about. Null: never.</summary>
    public DateTimeOffset? LastDecisionAt { get; init; }

    /// <summary>Every limit that applies to the agent, and what is left of it.</summary>
    public IReadOnlyList<LimitUsage> Limits { get; init; } = [];
}
