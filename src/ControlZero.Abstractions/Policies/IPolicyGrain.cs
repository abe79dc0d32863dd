using ControlZero.Abstractions.Tenants;

namespace ControlZero.Abstractions.Policies;

/// <summary>
/// One policy: its numbered versions, each written once and never changed. Which of them is in force is the tenant's to say.
/// Key: <see cref="GrainKeys.Of(TenantId, PolicyName)"/>.
/// </summary>
[Alias("cz.IPolicyGrain")]
public interface IPolicyGrain : IGrainWithStringKey
{
    /// <summary>Stores a document under the next number and answers with what was stored. Durable when it returns.</summary>
    [Alias("Store")]
    Task<StoredPolicyVersion> StoreAsync(PolicyPublication publication, CancellationToken cancellationToken);

    /// <summary>One version, or null: there is none of that number.</summary>
    [Alias("GetVersion")]
    Task<StoredPolicyVersion?> GetVersionAsync(long version, CancellationToken cancellationToken);
}

/// <summary>A checked document on its way to being published.</summary>
[GenerateSerializer, Immutable, Alias("cz.PolicyPublication")]
public sealed record PolicyPublication
{
    /// <summary>Tenant of the policy.</summary>
    [Id(0)]
    public required TenantId Tenant { get; init; }

    /// <summary>The policy the document names.</summary>
    [Id(1)]
    public required PolicyName Name { get; init; }

    /// <summary>The document, as its author wrote it.</summary>
    [Id(2)]
    public required string Document { get; init; }

    /// <summary>The version that must be in force; 0: none may be; null: whatever is.</summary>
    [Id(3)]
    public long? ExpectedVersion { get; init; }

    /// <summary>Id of the key that publishes.</summary>
    [Id(4)]
    public required string PublishedBy { get; init; }
}

/// <summary>One stored version of a policy.</summary>
[GenerateSerializer, Immutable, Alias("cz.StoredPolicyVersion")]
public sealed record StoredPolicyVersion
{
    /// <summary>Its number, from 1.</summary>
    [Id(0)]
    public required long Version { get; init; }

    /// <summary>The document, as its author wrote it.</summary>
    [Id(1)]
    public required string Document { get; init; }

    /// <summary>SHA-256 of the document, in lower-case hexadecimal.</summary>
    [Id(2)]
    public required string Digest { get; init; }

    /// <summary>When it was stored.</summary>
    [Id(3)]
    public required DateTimeOffset PublishedAt { get; init; }

    /// <summary>Id of the key that published it.</summary>
    [Id(4)]
    public required string PublishedBy { get; init; }
}
