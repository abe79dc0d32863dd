using System.Collections.Immutable;
using System.Text.Json.Serialization;
using ControlZero.Abstractions.Policies;
using ControlZero.Engine.Policies;

namespace ControlZero.Abstractions.Tenants;

/// <summary>What is in force in a tenant at one epoch.</summary>
[GenerateSerializer, Immutable, Alias("cz.TenantManifest")]
public sealed record TenantManifest
{
    /// <summary>The tenant.</summary>
    [Id(0)]
    public required TenantId Tenant { get; init; }

    /// <summary>Grows by one with every change of what is in force. 0: nothing ever was.</summary>
    [Id(1)]
    public required ulong Epoch { get; init; }

    /// <summary>The tenant's settings.</summary>
    [Id(2)]
    public required TenantSettings Settings { get; init; }

    /// <summary>When the tenant was created.</summary>
    [Id(3)]
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The policies, each at the version in force, in the order in which they were first published.</summary>
    [Id(4)]
    public required ImmutableArray<PolicyEntry> Policies { get; init; }

    /// <summary>What is suspended, in the order in which it was. Default: nothing.</summary>
    [Id(5)]
    public ImmutableArray<Suspension> Suspensions { get; init; } = [];

    /// <summary>The policy of that name, or null.</summary>
    public PolicyEntry? Find(PolicyName name) => Policies.FirstOrDefault(policy => policy.Name == name);

    /// <summary>The suspension of that thing, or null: it is not suspended.</summary>
    public Suspension? FindSuspension(SuspensionTarget target, string subject) =>
        Suspensions.FirstOrDefault(suspension => suspension.Stops(target, subject));
}

/// <summary>One policy in force, without its document.</summary>
[GenerateSerializer, Immutable, Alias("cz.PolicyEntry")]
public sealed record PolicyEntry
{
    /// <summary>Its name.</summary>
    [Id(0)]
    public required PolicyName Name { get; init; }

    /// <summary>The version in force, from 1.</summary>
    [Id(1)]
    public required long Version { get; init; }

    /// <summary>SHA-256 of the document, in lower-case hexadecimal.</summary>
    [Id(2)]
    public required string Digest { get; init; }

    /// <summary>What the document says of itself.</summary>
    [Id(3)]
    public required string Description { get; init; }

    /// <summary>Lower is evaluated first.</summary>
    [Id(4)]
    public required int Priority { get; init; }

    /// <summary>False: takes no part in decisions.</summary>
    [Id(5)]
    public required bool Enabled { get; init; }

    /// <summary>How many rules the document has.</summary>
    [Id(6)]
    public required int RuleCount { get; init; }

    /// <summary>When it was published.</summary>
    [Id(7)]
    public required DateTimeOffset PublishedAt { get; init; }

    /// <summary>Id of the key that published it.</summary>
    [Id(8)]
    public required string PublishedBy { get; init; }

    /// <summary>Length of the document. Unit: bytes of UTF-8. 0: it was published before this was kept.</summary>
    [Id(9), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Bytes { get; init; }

    /// <summary>How many values the document has, see <c>policy_max_values</c>. 0: it was published before this was kept.</summary>
    [Id(10), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Values { get; init; }

    /// <summary>How many limits the document states. 0: none, or it was published before this was kept.</summary>
    [Id(11), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Limits { get; init; }

    /// <summary>Whether it is enforced. A build that knew no other mode wrote none.</summary>
    [Id(12), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public PolicyMode Mode { get; init; }
}
