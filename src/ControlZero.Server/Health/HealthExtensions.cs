using ControlZero.Server.Hosting;
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
        services.AddHealthChecks().AddCheck<SiloHealthCheck>("silo", tags: [Ready]);
        services.AddGrpcHealthChecks().AddCheck<SiloHealthCheck>("silo");
        return services;
    }

    public static WebApplication MapHealth(this WebApplication app, ServerOptions options)
    {
        var host = $"*:{options.Http.Port}";
        app.MapHealthChecks("/health/startup", Only(Ready)).RequireHost(host);
        app.MapHealthChecks("/health/ready", Only(Ready)).RequireHost(host);
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false }).RequireHost(host);
        app.MapGrpcHealthChecksService();
        return app;
    }

    private static HealthCheckOptions Only(string tag) => new() { Predicate = check => check.Tags.Contains(tag) };
}
