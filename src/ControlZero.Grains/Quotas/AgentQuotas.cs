using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Quotas;
using ControlZero.Grains.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ControlZero.Grains.Quotas;

/// <summary>Opens the accounts of a silo's agents.</summary>
internal sealed class AgentQuotas(
    QuotaStore store,
    TenantShares shares,
    IModelPrices prices,
    ReservationBudget budget,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock,
    ILogger<AgentQuota> logger)
{
    /// <summary>What models cost.</summary>
    public IModelPrices Prices => prices;

    /// <summary>Opens an agent's account.</summary>
    /// <param name="tenant">The agent's tenant.</param>
    /// <param name="agent">The agent.</param>
    /// <param name="gate">The lock his decisions are committed under.</param>
    public AgentQuota Open(TenantId tenant, AgentId agent, Lock gate)
    {
        var account = new QuotaAccount(Guid.NewGuid());
        var record = GrainId.Create("agent", GrainKeys.Of(tenant, agent));
        return new AgentQuota(
            ReservationToken.Of(tenant, agent),
            account,
            new QuotaLedger(account, gate, store, record, clock, logger),
            shares.Of(tenant),
            prices,
            budget);
    }
}
