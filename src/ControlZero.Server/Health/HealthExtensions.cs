using Microsoft.AspNetCore.Diagnostics.HealthChecks;

namespace ControlZero.Server.Health;

/// <summary>
/// Health in three parts: has it started, does it want work, is it alive. The last asks nothing but the process itself, so that an
/// outage of storage never makes a supervisor kill what still answers. gRPC's own health service says what readiness says.
/// </summary>
internal static class HealthExtensions
{
    private const string Ready = "ready";

    public static IServiceCollection AddHealth(this IServiceCollection services)
    {
        services.AddGrpcHealthChecks().AddCheck<SiloHealthCheck>("silo", tags: [Ready]);
        return services;
    }

    public static WebApplication MapHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health/startup", Only(Ready));
        app.MapHealthChecks("/health/ready", Only(Ready));
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapGrpcHealthChecksService();
        return app;
    }

    private static HealthCheckOptions Only(string tag) => new() { Predicate = check => check.Tags.Contains(tag) };
}
