using ControlZero.Abstractions.Tenants;
using Orleans.Concurrency;
using Orleans.Services;

namespace ControlZero.Grains.Quotas;

/// <summary>How other silos ask a silo for units of a tenant's shared limits that it has at hand and does not use.</summary>
[Alias("cz.IQuotaService")]
internal interface IQuotaService : IGrainService
{
    /// <summary>Gives them back to storage. When it returns they are there, or storage did not answer.</summary>
    // INVARIANT: recalls may overlap; each is a write of its own, and what is not at hand any more is not given back.
    [Alias("Recall"), AlwaysInterleave]
    Task RecallAsync(TenantId tenant);
}
