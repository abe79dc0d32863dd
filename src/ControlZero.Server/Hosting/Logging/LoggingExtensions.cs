using System.Text.Encodings.Web;
using System.Text.Json;
using ControlZero.Grains.Hosting;
using Microsoft.Extensions.Logging.Console;

namespace ControlZero.Server.Hosting.Logging;

/// <summary>Logs go to stderr and nowhere else: stdout is for what a person asked to see.</summary>
internal static class LoggingExtensions
{
    /// <summary>An instant, in UTC, as RFC 3339 writes it.</summary>
    public const string InstantFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";

    /// <summary>Escapes what would end a JSON text or a line, and leaves backticks and other letters readable: no browser reads this.</summary>
    public static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;

    public static WebApplicationBuilder AddLogging(this WebApplicationBuilder builder, LoggingOptions options)
    {
        builder.Logging.ClearProviders();
        if (options.Format == LogFormat.Json)
        {
            builder.Logging.AddJsonConsole(console =>
            {
                console.UseUtcTimestamp = true;
                console.TimestampFormat = InstantFormat;
                console.JsonWriterOptions = new JsonWriterOptions { Encoder = Encoder };
            });
        }
        else
        {
            builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        }

        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Logging.SetMinimumLevel(options.Level);

        // A denied, malformed or cancelled call is the caller's affair, not the operator's.
        builder.Logging.AddFilter("Grpc.AspNetCore.Server", LogLevel.Error);

        // With this category on, and nobody reading it, ASP.NET would make an activity and a log scope for every call.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);

        // Whoever asks for a server's health is answered; the causes worth a line are logged by those who find them.
        builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);

        // At its first round Orleans' watchdog takes the machine's uptime for the time a check has been hanging.
        builder.Logging.AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error);
        return builder;
    }

    /// <summary>Keeps all who write the log from being flooded. Call it when they are registered.</summary>
    public static WebApplicationBuilder LimitLogging(this WebApplicationBuilder builder, LoggingOptions options)
    {
        var services = builder.Services;
        for (var place = 0; place < services.Count; place++)
        {
            if (services[place] is { IsKeyedService: false } registered && registered.ServiceType == typeof(ILoggerProvider))
            {
                services[place] = ServiceDescriptor.Singleton<ILoggerProvider>(provider => Limit(new CallerHangUps(Create(provider, registered)), options, provider));
            }
        }

        return builder;
    }

    private static ILoggerProvider Limit(ILoggerProvider writes, LoggingOptions options, IServiceProvider provider) => options.Burst == 0
        ? writes
        : new BurstLimit(writes, options.Burst, provider.GetRequiredKeyedService<TimeProvider>(ClusterClock.Key));

    private static ILoggerProvider Create(IServiceProvider services, ServiceDescriptor registered) =>
        (ILoggerProvider)(registered.ImplementationInstance
            ?? registered.ImplementationFactory?.Invoke(services)
            ?? ActivatorUtilities.CreateInstance(services, registered.ImplementationType!));
}
