namespace ControlZero.Client;

/// <summary>One limit and what is left of it.</summary>
public sealed record LimitUsage
{
    /// <summary>Policy that states the limit.</summary>
    public required string Policy { get; init; }

    /// <summary>Name of the limit within its policy.</summary>
    public required string Name { get; init; }

    /// <summary>What is counted: <c>requests</c>, <c>input_tokens</c>, <c>output_tokens</c>, <c>total_tokens</c>, <c>cost_usd</c> or <c>in_flight</c>.</summary>
    public required string Metric { get; init; }

    /// <summary>Who shares the limit: <c>agent</c> or <c>tenant</c>.</summary>
    public required string Per { get; init; }

    /// <summary>The window, as written: <c>1m</c>, <c>day</c>, <c>month</c>.</summary>
    public required string Window { get; init; }

    /// <summary>Unit of the three figures: <c>requests</c>, <c>tokens</c>, <c>nano_usd</c> or <c>calls</c>.</summary>
    public required string Unit { get; init; }

    /// <summary>The limit.</summary>
    public required long Limit { get; init; }

    /// <summary>Granted in this window.</summary>
    public required long Used { get; init; }

    /// <summary>Still to be granted in this window. Never negative.</summary>
    public required long Remaining { get; init; }

    /// <summary>When the window ends. Null: it has no end.</summary>
    public DateTimeOffset? ResetsAt { get; init; }
}
