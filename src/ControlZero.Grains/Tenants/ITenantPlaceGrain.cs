namespace ControlZero.Grains.Tenants;

/// <summary>What a tenant's grain is asked by those that need its place. Key: that of the tenant.</summary>
[Alias("cz.ITenantPlaceGrain")]
internal interface ITenantPlaceGrain : IGrainWithStringKey
{
    /// <summary>
    /// Says what became of a place that was taken for this tenant. When the tenant was not made, it will not be by the attempt that took it, and the place
    /// is free.
    /// </summary>
    [Alias("SettlePlace")]
    Task SettlePlaceAsync(TenantPlace place, CancellationToken cancellationToken);
}
