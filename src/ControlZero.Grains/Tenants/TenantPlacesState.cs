using System.Collections.Immutable;
using ControlZero.Abstractions.Tenants;

namespace ControlZero.Grains.Tenants;

/// <summary>How many tenants the cluster has: one record for all of it.</summary>
[GenerateSerializer, Alias("cz.TenantPlacesState")]
internal sealed record TenantPlacesState
{
    /// <summary>Number of this layout.</summary>
    [Id(0)]
    public int SchemaVersion { get; init; } = 1;

    /// <summary>Tenants that are known to be there, those under way not among them. Null: they were never counted.</summary>
    [Id(1)]
    public long? Count { get; init; }

    /// <summary>Places that were taken and of which nobody has said yet what became of them.</summary>
    [Id(2)]
    public ImmutableArray<TenantPlace> Pending { get; init; } = [];

    /// <summary>All places that are not free.</summary>
    public long Taken => Count.GetValueOrDefault() + Pending.Length;
}

/// <summary>A place for a tenant that is being created.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Ticket">Which attempt to create it. A later one takes the place over, and what is said of an earlier one no longer counts.</param>
[GenerateSerializer, Immutable, Alias("cz.TenantPlace")]
internal sealed record TenantPlace([property: Id(0)] TenantId Tenant, [property: Id(1)] Guid Ticket);
