using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;

namespace ControlZero.Grains.Tenants;

/// <summary>What a tenant keeps.</summary>
[GenerateSerializer, Alias("cz.TenantState")]
internal sealed record TenantState
{
    /// <summary>Name of the state in storage.</summary>
    public const string Name = "tenant";

    /// <summary>Number of the newest layout. 2: suspensions, and the setting <c>allow_stale</c>.</summary>
    public const int CurrentSchema = 2;

    /// <summary>Number of this layout. Readers come before writers: a release reads the next layout before one writes it.</summary>
    [Id(0)]
    public int SchemaVersion { get; init; } = CurrentSchema;

    /// <summary>What is in force. Null: the tenant was never created.</summary>
    [Id(1)]
    public TenantManifest? Manifest { get; init; }

    /// <summary>How many agents were admitted, and places reserved for the next ones.</summary>
    [Id(2)]
    public long AgentCount { get; init; }
}

/// <summary>The keys of a tenant, in a record of their own: a publish does not rewrite them.</summary>
[GenerateSerializer, Alias("cz.TenantKeysState")]
internal sealed record TenantKeysState
{
    /// <summary>Number of this layout.</summary>
    [Id(0)]
    public int SchemaVersion { get; init; } = 1;

    /// <summary>Ids of all keys ever made, in order. One whose record is missing was never handed out.</summary>
    [Id(1)]
    public List<KeyId> Keys { get; init; } = [];
}
