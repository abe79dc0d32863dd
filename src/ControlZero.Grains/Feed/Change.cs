using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;

namespace ControlZero.Grains.Feed;

/// <summary>
/// Word that something may have changed, so that whoever holds a copy of it looks again. It carries no content: what is true stands in the
/// record of the thing itself. Hearing it twice, late or for nothing does no harm.
/// </summary>
[GenerateSerializer, Immutable, Alias("cz.Change")]
internal sealed record Change
{
    /// <summary>Place in the feed, from 1. 0: not in it yet.</summary>
    [Id(0)]
    public long Sequence { get; init; }

    /// <summary>What kind of thing.</summary>
    [Id(1)]
    public ChangeKind Kind { get; init; }

    /// <summary>Its tenant.</summary>
    [Id(2)]
    public TenantId Tenant { get; init; }

    /// <summary>Its id within the tenant. Empty: the tenant itself.</summary>
    [Id(3)]
    public string Subject { get; init; } = "";

    /// <summary>A tenant's epoch or an agent's version from the change on. 0: the thing has no number.</summary>
    [Id(4)]
    public ulong Version { get; init; }

    public static Change OfTenant(TenantId tenant, ulong epoch) => new() { Kind = ChangeKind.Tenant, Tenant = tenant, Version = epoch };

    public static Change OfAgent(TenantId tenant, AgentId agent, long version) =>
        new() { Kind = ChangeKind.Agent, Tenant = tenant, Subject = agent.Value, Version = (ulong)version };

    public static Change OfKey(TenantId tenant, KeyId key) => new() { Kind = ChangeKind.Key, Tenant = tenant, Subject = key.Value };

    /// <summary>True when both are about the same thing, so that the later one says all that the earlier one did.</summary>
    public bool Replaces(Change earlier) => Kind == earlier.Kind && Tenant == earlier.Tenant && Subject == earlier.Subject;
}

/// <summary>What a change is about.</summary>
internal enum ChangeKind
{
    /// <summary>Not stated.</summary>
    Unspecified = 0,

    /// <summary>What is in force in a tenant: policies, suspensions, settings.</summary>
    Tenant = 1,

    /// <summary>The labels of an agent.</summary>
    Agent = 2,

    /// <summary>An API key.</summary>
    Key = 3,
}
