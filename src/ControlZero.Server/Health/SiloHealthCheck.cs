using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ControlZero.Server.Health;

/// <summary>Ready when this silo is an active member of its cluster.</summary>
internal sealed class SiloHealthCheck(ISiloStatusOracle silos) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(silos.CurrentStatus == SiloStatus.Active
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy($"the silo is {silos.CurrentStatus}"));
}
