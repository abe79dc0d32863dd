using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ControlZero.Server.Health;

/// <summary>
/// Health in three parts: has it started, does it want work, is it alive. The last asks nothing but the process itself, so that an
/// outage of storage never makes a supervisor kill what still answers. gRPC's own health service says what readiness says.
/// </summary>
internal static class HealthExtensions
{
    private const string Ready = "ready";

    public static IServiceCollection AddHealth(this IServiceCollection services, ShutdownOptions shutdown)
    {
        services.AddSingleton(shutdown);
        services.TryAddSingleton(new StorageProbeOptions());
        services.AddSingleton<Drain>();
        services.AddSingleton<SiloReadiness>();
        services.AddSingleton<StorageProbe>();
        services.AddHostedService(provider => provider.GetRequiredService<StorageProbe>());
        services.Replace(ServiceDescriptor.Singleton<IHostLifetime, SignalLifetime>());
        services.AddGrpcHealthChecks(grpc =>
        {
            grpc.Services.Map("", check => check.Tags.Contains(Ready));
            grpc.Services.Map("controlzero.v1.EnforcementService", check => check.Tags.Contains(Ready));
        }).AddCheck<ReadinessCheck>(Ready, tags: [Ready]);

        // How soon whoever watches gRPC's health service is told of a change.
        services.Configure<HealthCheckPublisherOptions>(publisher =>
        {
            publisher.Delay = TimeSpan.Zero;
            publisher.Period = TimeSpan.FromSeconds(1);
        });
        return services;
    }

    public static WebApplication MapHealth(this WebApplication app)
    {
        var lifetime = app.Lifetime;
        app.MapGet("/health/startup", () => lifetime.ApplicationStarted.IsCancellationRequested
            ? Results.Text("started")
            : Results.Text("starting", statusCode: StatusCodes.Status503ServiceUnavailable));
        app.MapHealthChecks("/health/ready", new HealthCheckOptions
        {
            Predicate = check => check.Tags.Contains(Ready),
            ResponseWriter = static (http, report) => http.Response.WriteAsync(
                report.Status == HealthStatus.Healthy ? "ready" : $"not ready: {string.Join(' ', report.Entries.Values.Select(entry => entry.Description))}"),
        });
        app.MapHealthChecks("/health/live", new HealthCheckOptions
        {
            Predicate = _ => false,
            ResponseWriter = static (http, _) => http.Response.WriteAsync("alive"),
        });
        app.MapGrpcHealthChecksService();
        return app;
    }
}
