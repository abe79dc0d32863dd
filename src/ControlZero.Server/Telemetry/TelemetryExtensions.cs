using ControlZero.Server.Cluster;
using ControlZero.Server.Hosting;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ControlZero.Server.Telemetry;

/// <summary>Wires metrics, traces and logs to Prometheus and to a collector.</summary>
internal static class TelemetryExtensions
{
    // Kestrel's meter counts connections. That of ASP.NET's hosting would count every call a second time and cost each of them a set of
    // tags. Orleans' own tells of grains, messages and directory.
    private static readonly string[] Meters =
        [TelemetryNames.Source, "Microsoft.Orleans", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime"];

    /// <summary>Adds the instruments, and whoever reads them. Call it when all storages are registered.</summary>
    public static WebApplicationBuilder AddTelemetry(this WebApplicationBuilder builder, TelemetryOptions options)
    {
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<EnforceInstruments>();
        builder.Services.AddSingleton<CallInstruments>();
        builder.Services.AddSingleton<CallTraces>();
        builder.Services.AddSingleton<SiloInstruments>();
        MeasuredGrainStorage.Decorate(builder.Services);

        // With this category enabled ASP.NET makes an activity and a log scope for every call; spans are ours, see CallTraces.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        if (!options.Prometheus && options.OtlpEndpoint is null)
        {
            return builder;
        }

        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(
                "controlzero", serviceVersion: ClusterService.Version, autoGenerateServiceInstanceId: true))
            .WithMetrics(metrics => AddMetrics(metrics, options));
        if (options.OtlpEndpoint is not null)
        {
            builder.Services.AddOpenTelemetry().WithLogging(logs => logs.AddOtlpExporter(otlp => Aim(otlp, options, "logs")));
        }

        if (options.Traces)
        {
            builder.Services.AddOpenTelemetry().WithTracing(traces => traces
                .AddSource(TelemetryNames.Source)
                .SetSampler(new TraceIdRatioBasedSampler(options.TraceSampleRatio))
                .AddOtlpExporter(otlp => Aim(otlp, options, "traces")));
        }

        return builder;
    }

    /// <summary>Serves <c>/metrics</c>, on the HTTP port alone: the gRPC port may be open to the world.</summary>
    public static WebApplication MapTelemetry(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<TelemetryOptions>();
        app.Services.GetRequiredService<SiloInstruments>();
        if (options.Prometheus)
        {
            app.UseOpenTelemetryPrometheusScrapingEndpoint(http =>
                http.Request.Path == "/metrics" && ListenerExtensions.IsHttpPort(http));
        }

        return app;
    }

    private static void AddMetrics(MeterProviderBuilder metrics, TelemetryOptions options)
    {
        metrics.AddMeter(Meters);

        // Two more additions for every call, and Listen:MaxCalls shows the same.
        metrics.AddView("kestrel.queued_requests", MetricStreamConfiguration.Drop);
        if (options.Prometheus)
        {
            // A scrape shows what is, not what was shown before; scrapes that come together share one collection all the same.
            metrics.AddPrometheusExporter(prometheus => prometheus.ScrapeResponseCacheDurationMilliseconds = 0);
        }

        if (options.OtlpEndpoint is not null)
        {
            metrics.AddOtlpExporter((otlp, reader) =>
            {
                Aim(otlp, options, "metrics");
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)options.OtlpInterval.TotalMilliseconds;
            });
        }
    }

    private static void Aim(OtlpExporterOptions otlp, TelemetryOptions options, string signal)
    {
        var http = options.OtlpProtocol == OtlpForm.HttpProtobuf;
        otlp.Protocol = http ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        otlp.Endpoint = http ? new Uri(options.OtlpEndpoint!, $"v1/{signal}") : options.OtlpEndpoint!;
    }
}
