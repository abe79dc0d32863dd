using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ControlZero.Server.Health;

/// <summary>Ready when the silo wants work.</summary>
internal sealed class ReadinessCheck(SiloReadiness readiness) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var reasons = readiness.Reasons();
        return Task.FromResult(reasons.Count == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(string.Join(' ', reasons)));
    }
}
