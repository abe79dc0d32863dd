using System.Net;
using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Ledger;
using ControlZero.Audit.Log;
using ControlZero.Audit.Reading;
using ControlZero.Audit.Sinks;
using ControlZero.Grains.Hosting;
using ControlZero.Server.Audit.Reading;
using ControlZero.Server.Authentication;
using ControlZero.Server.Cluster.Setups;
using ControlZero.Server.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace ControlZero.Server.Audit;

/// <summary>Registers the silo's audit log, what is written into it and who reads it.</summary>
internal static class AuditExtensions
{
    public static WebApplicationBuilder AddAudit(this WebApplicationBuilder builder, ServerOptions options, DataDirectory data)
    {
        var (services, settings) = (builder.Services, options.Audit);
        if (settings.Mode != AuditLevel.Off)
        {
            // The machine's time: what they wait for is a disk. When something was decided, its entry says.
            services.AddSingleton(provider => new LedgerKeeper(
                new LocalLedgerStore(data.Path, TimeProvider.System),
                key: null,
                settings.CheckpointInterval,
                TimeProvider.System,
                provider.GetRequiredService<ILogger<LedgerKeeper>>()));
            services.AddSingleton<IAuditLog>(provider => AuditLog.Start(
                settings.ToLog(NameOf(options.Cluster, provider), data.Path),
                [new LocalFileSink(data.Path)],
                provider.GetRequiredService<LedgerKeeper>(),
                TimeProvider.System,
                provider.GetRequiredService<ILogger<AuditLog>>()));
            services.AddSingleton(new AuditReader(new LocalArchive(data.Path), data.Path));
            services.AddHostedService<IndexUpkeep>();
        }

        services.AddSingleton(new DecisionEvents(settings.ContextKeys));
        services.AddSingleton(provider => new DecisionTrail(
            provider.GetService<IAuditLog>(), provider.GetRequiredService<DecisionEvents>(), Clock(provider)));
        services.AddSingleton<AuditWatchers>();
        services.AddSingleton(provider => new SiloLog(
            provider.GetService<IAuditLog>(), provider.GetService<AuditReader>(), provider.GetRequiredService<AuditWatchers>(), Clock(provider)));
        if (options.Cluster.HasSilo)
        {
            services.AddSingleton<ClusterLog>();
        }

        services.AddSingleton(provider => new AuditService(
            provider.GetService<ClusterLog>(),
            provider.GetRequiredService<IGrainFactory>(),
            provider.GetRequiredService<KeyAuthenticator>(),
            provider.GetRequiredService<IHostApplicationLifetime>(),
            Clock(provider)));
        return builder;
    }

    // A front door without a silo keeps a log of its own answers, on its own disk.
    private static string NameOf(ClusterSettings cluster, IServiceProvider provider) => cluster.HasSilo
        ? provider.GetRequiredService<IOptions<SiloOptions>>().Value.SiloName
        : $"frontdoor-{Dns.GetHostName()}"[..Math.Min(64, "frontdoor-".Length + Dns.GetHostName().Length)];

    private static TimeProvider Clock(IServiceProvider provider) => provider.GetRequiredKeyedService<TimeProvider>(ClusterClock.Key);
}
