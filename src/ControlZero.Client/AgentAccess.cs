namespace ControlZero.Client;

/// <summary>Whose access to show, and to what.</summary>
public sealed record AccessQuery
{
    /// <summary>The agent. Default: as in a question.</summary>
    public string? AgentId { get; init; }

    /// <summary>The action. Default: <c>llm.generate</c>.</summary>
    public string? Action { get; init; }

    /// <summary>The resources, at most 1,000. Default: the models of the price table, and those the agent's policies name.</summary>
    public IReadOnlyList<string>? Resources { get; init; }

    /// <summary>Only those that are allowed now. Default: false.</summary>
    public bool AllowedOnly { get; init; }

    /// <summary>Most entries of one answer, 1 to 1,000. Default: 100.</summary>
    public int? PageSize { get; init; }

    /// <summary><see cref="AgentAccess.NextPageToken"/> of the answer before. Default: from the beginning.</summary>
    public string? PageToken { get; init; }
}

/// <summary>What an agent may use now.</summary>
public sealed record AgentAccess
{
    /// <summary>One entry a resource, in the order of the query, or by name.</summary>
    public IReadOnlyList<AccessEntry> Resources { get; init; } = [];

    /// <summary>Every limit that applies to any of them, once.</summary>
    public IReadOnlyList<LimitUsage> Limits { get; init; } = [];

    /// <summary>Where to go on. Null: this was all.</summary>
    public string? NextPageToken { get; init; }

    /// <summary>The state of the tenant's policies this was decided under.</summary>
    public ulong PolicyEpoch { get; init; }
}

/// <summary>One resource and whether it may be used.</summary>
public sealed record AccessEntry
{
    /// <summary>The resource.</summary>
    public required string Resource { get; init; }

    /// <summary>Whether a call without an estimate would be allowed now.</summary>
    public required bool Allowed { get; init; }

    /// <summary>Why, in a word.</summary>
    public required string ReasonCode { get; init; }

    /// <summary>The policy whose rule decides. Empty: none does.</summary>
    public string Policy { get; init; } = "";

    /// <summary>The rule that decides.</summary>
    public string RuleId { get; init; } = "";

    /// <summary>The limits that apply to it.</summary>
    public IReadOnlyList<LimitUsage> Limits { get; init; } = [];

    /// <summary>Of those, the one with the least share left. Null: no limit applies.</summary>
    public LimitUsage? TightestLimit { get; init; }
}
