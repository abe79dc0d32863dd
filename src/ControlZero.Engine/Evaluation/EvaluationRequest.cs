using System.Collections.Immutable;
using ControlZero.Engine.Context;
using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Evaluation;

/// <summary>What is asked of the evaluator. All facts are handed in; it reads no clock and no state.</summary>
public readonly record struct EvaluationRequest
{
    /// <summary>The agent, from the authenticated call.</summary>
    public required string AgentId { get; init; }

    /// <summary>What the agent wants to do, as the caller wrote it.</summary>
    public required string Action { get; init; }

    /// <summary>What it wants to do it with. Null and empty are the same: none.</summary>
    public string? Resource { get; init; }

    /// <summary>Facts the caller supplies, an object, or null: none.</summary>
    public ContextValue? Context { get; init; }

    /// <summary>What the caller expects the call to use. Null: nothing is said.</summary>
    public CallUsage? Estimate { get; init; }

    /// <summary>The agent's registered labels. Null: none.</summary>
    public ImmutableSortedDictionary<string, string>? Labels { get; init; }

    /// <summary>The server's clock.</summary>
    public required DateTimeOffset Now { get; init; }
}
