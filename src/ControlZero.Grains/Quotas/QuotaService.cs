using ControlZero.Abstractions.Tenants;
using Microsoft.Extensions.Logging;

namespace ControlZero.Grains.Quotas;

/// <summary>Gives back what this silo has at hand.</summary>
internal sealed class QuotaService(GrainId id, Silo silo, ILoggerFactory loggers, TenantShares shares) : GrainService(id, silo, loggers), IQuotaService
{
    public Task RecallAsync(TenantId tenant) => shares.GiveBackAsync(tenant);
}
