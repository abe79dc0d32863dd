using System.Collections.Immutable;
using System.Text.Json.Serialization;
using ControlZero.Abstractions.Agents;

namespace ControlZero.Grains.Agents;

/// <summary>What an agent keeps.</summary>
[GenerateSerializer, Alias("cz.AgentState")]
internal sealed record AgentState
{
    /// <summary>The layout that is written. 2: it may have limits of its own.</summary>
    public const int CurrentSchema = 2;

    /// <summary>Number of this layout.</summary>
    [Id(0)]
    public int SchemaVersion { get; init; } = CurrentSchema;

    /// <summary>Number of the last change of its labels or limits, from 1. 0: it is not registered.</summary>
    [Id(1)]
    public long Version { get; init; }

    /// <summary>Its labels.</summary>
    [Id(2)]
    public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>When it was registered.</summary>
    [Id(3)]
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its labels or limits were last changed.</summary>
    [Id(4)]
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Decisions that allowed, up to the last write.</summary>
    [Id(5)]
    public long Allowed { get; init; }

    /// <summary>Decisions that denied, up to the last write.</summary>
    [Id(6)]
    public long Denied { get; init; }

    /// <summary>When it was last asked about, up to the last write.</summary>
    [Id(7)]
    public DateTimeOffset? LastDecisionAt { get; init; }

    /// <summary>Limits of its own. Default: it has none.</summary>
    [Id(8), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ImmutableArray<AgentLimit> Limits { get; init; }
}
