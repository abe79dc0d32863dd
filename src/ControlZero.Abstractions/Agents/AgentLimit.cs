using System.Collections.Immutable;
using ControlZero.Engine.Quotas;

namespace ControlZero.Abstractions.Agents;

/// <summary>A limit of one agent's own, checked: it counts beside those of the policies, and every one must allow.</summary>
[GenerateSerializer, Immutable, Alias("cz.AgentLimit")]
public sealed record AgentLimit
{
    /// <summary>Its name, unique within the agent.</summary>
    [Id(0)]
    public required string Name { get; init; }

    /// <summary>What it counts.</summary>
    [Id(1)]
    public required QuotaMetric Metric { get; init; }

    /// <summary>The most units of a window, or calls at a time.</summary>
    [Id(2)]
    public required long Limit { get; init; }

    /// <summary>How time is cut, as written. Empty: it counts calls in flight, and has no window.</summary>
    [Id(3)]
    public string Window { get; init; } = "";

    /// <summary>IANA name of the zone of a calendar window. Null: UTC, or it follows no calendar.</summary>
    [Id(4)]
    public string? Zone { get; init; }

    /// <summary>Patterns over actions. Empty: every action.</summary>
    [Id(5)]
    public ImmutableArray<string> Actions { get; init; } = [];

    /// <summary>Patterns over resources. Empty: every resource, and none.</summary>
    [Id(6)]
    public ImmutableArray<string> Resources { get; init; } = [];

    /// <summary>What a call without an estimate is charged. Null: such a call is denied.</summary>
    [Id(7)]
    public long? DefaultEstimate { get; init; }

    /// <summary>The limit as decisions count it. No policy states it, and no policy has an empty name.</summary>
    /// <exception cref="ArgumentException">The parts were never checked: they do not make a limit.</exception>
    public QuotaLimit ToQuota()
    {
        QuotaWindow? window = null;
        return Window.Length == 0 || QuotaWindow.TryParse(Window, Zone, out window, out var error)
            ? new QuotaLimit(QuotaScope.Agent, "", Name, Metric, Limit, window, Actions, Resources) { DefaultEstimate = DefaultEstimate }
            : throw new ArgumentException($"the limit `{Name}` was not checked: {error}");
    }
}
