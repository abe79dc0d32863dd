using System.Collections.Immutable;
using System.Text.Json.Serialization;
using ControlZero.Abstractions.Agents;

namespace ControlZero.Grains.Agents;

/// <summary>What an agent keeps.</summary>
[GenerateSerializer, Alias("cz.AgentState")]
internal sealed record AgentState
{
    /// <summary>Name of the state in storage.</summary>
    public const string Name = "agent";

    /// <summary>The layout that is written. 2: it may have limits of its own. 3: it may be deleted.</summary>
    public const int CurrentSchema = 3;

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

    /// <summary>
    /// Number of the change that deleted it; <see cref="Version"/> is then 0, which an earlier release reads as an agent that never was. Kept so
    /// that numbers go on: whoever still holds an older version is found out, also when the agent is registered again. 0: it is not deleted.
    /// </summary>
    [Id(9), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long DeletedVersion { get; init; }

    /// <summary>Number of the last change of whatever kind.</summary>
    [JsonIgnore]
    public long LastChange => Math.Max(Version, DeletedVersion);

    /// <summary>The agent as it is shown, or null: it is not registered.</summary>
    public AgentDescription? Describe(AgentId agent) => Version == 0 ? null : new AgentDescription
    {
        Agent = agent,
        Labels = Labels,
        Version = Version,
        CreatedAt = CreatedAt,
        UpdatedAt = UpdatedAt,
        Limits = Limits,
    };
}
