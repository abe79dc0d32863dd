using System.Collections.Immutable;
using ControlZero.Abstractions.Tenants;

namespace ControlZero.Abstractions.Keys;

/// <summary>One API key. Key: <see cref="GrainKeys.Of(KeyId)"/>.</summary>
[Alias("cz.IKeyGrain")]
public interface IKeyGrain : IGrainWithStringKey
{
    /// <summary>Stores the key. Again with the same hash changes nothing; false: another key has this id.</summary>
    [Alias("Create")]
    Task<bool> CreateAsync(KeyRecord key, CancellationToken cancellationToken);

    /// <summary>Ends the key on every active silo. Null: the tenant has no such key. Again changes nothing, and tells every silo again.</summary>
    [Alias("Revoke")]
    Task<RevokeOutcome?> RevokeAsync(TenantId tenant, CancellationToken cancellationToken);
}

/// <summary>A key that was revoked.</summary>
/// <param name="Key">The key as it now is.</param>
/// <param name="Acknowledgement">Who follows it.</param>
[GenerateSerializer, Immutable, Alias("cz.RevokeOutcome")]
public sealed record RevokeOutcome([property: Id(0)] KeyRecord Key, [property: Id(1)] Acknowledgement Acknowledgement);

/// <summary>What is kept of an API key: all but the key itself.</summary>
[GenerateSerializer, Immutable, Alias("cz.KeyRecord")]
public sealed record KeyRecord
{
    /// <summary>Its public id.</summary>
    [Id(0)]
    public required KeyId Id { get; init; }

    /// <summary>SHA-256 of the whole key, in lower-case hexadecimal. A slow hash would buy nothing: a key has 256 random bits.</summary>
    [Id(1)]
    public required string Hash { get; init; }

    /// <summary>Its tenant.</summary>
    [Id(2)]
    public required TenantId Tenant { get; init; }

    /// <summary>What it is for.</summary>
    [Id(3)]
    public required string Name { get; init; }

    /// <summary>What it may do, as <see cref="Scopes"/> spells it.</summary>
    [Id(4)]
    public required ImmutableArray<string> Scopes { get; init; }

    /// <summary>Globs over the agent ids it may speak for. Empty: all agents of its tenant.</summary>
    [Id(5)]
    public required ImmutableArray<string> Agents { get; init; }

    /// <summary>When it was created.</summary>
    [Id(6)]
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Id of the key that created it. Empty: the server did.</summary>
    [Id(7)]
    public required string CreatedBy { get; init; }

    /// <summary>Not valid before this moment. Null: from the start.</summary>
    [Id(8)]
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Not valid from this moment on. Null: it does not expire.</summary>
    [Id(9)]
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When it was revoked. Null: it was not.</summary>
    [Id(10)]
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>True when the key may be used at that moment.</summary>
    public bool IsValidAt(DateTimeOffset moment) =>
        RevokedAt is null && !(moment < NotBefore) && !(moment >= ExpiresAt);
}
