using System.Net;
using ControlZero.Audit.Azure;
using ControlZero.Audit.Ledger;
using ControlZero.Audit.Log;
using ControlZero.Audit.Reading;
using ControlZero.Audit.Retention;
using ControlZero.Grains.Hosting;
using ControlZero.Server.Audit.Keeping;
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
        services.AddSingleton(_ => AuditPlace.Of(options, data.Path));
        if (settings.Mode != AuditLevel.Off)
        {
            // The machine's time: what they wait for is a disk or a service. When something was decided, its entry says.
            services.AddSingleton(provider => new LedgerKeeper(
                provider.GetRequiredService<AuditPlace>().CreateLedger(TimeProvider.System),
                settings.Signing.ReadKey(),
                settings.CheckpointInterval,
                TimeProvider.System,
                provider.GetRequiredService<ILogger<LedgerKeeper>>()));
            services.AddSingleton<IAuditLog>(provider => AuditLog.Start(
                settings.ToLog(NameOf(options.Cluster, provider), data.Path),
                [provider.GetRequiredService<AuditPlace>().CreateSink(settings.Signing.ToSeal(), TimeProvider.System)],
                provider.GetRequiredService<LedgerKeeper>(),
                TimeProvider.System,
                provider.GetRequiredService<ILogger<AuditLog>>()));
            services.AddSingleton(provider => new AuditReader(
                provider.GetRequiredService<AuditPlace>().Archive, provider.GetRequiredService<AuditPlace>().Indexes, settings.Signing.ToSeal()));
            services.AddHostedService(provider => new IndexUpkeep(
                provider.GetRequiredService<AuditReader>(),
                provider.GetRequiredService<AuditPlace>().IsShared ? NameOf(options.Cluster, provider) : null,
                provider.GetService<ISiloStatusOracle>(),
                provider.GetRequiredService<ILogger<IndexUpkeep>>(),
                Clock(provider)));
            services.AddUpkeep(options);
            if (!options.Cluster.HasSilo && settings.Sink == AuditSinkKind.Files)
            {
                services.AddHostedService(provider => new FrontDoorAnnouncer(
                    NameOf(options.Cluster, provider), provider.GetRequiredService<IGrainFactory>(), Clock(provider), provider.GetRequiredService<ILogger<FrontDoorAnnouncer>>()));
            }
        }

        services.AddSingleton(new DecisionEvents(settings.ContextKeys));
        services.AddSingleton(provider => new DecisionTrail(
            provider.GetService<IAuditLog>(), provider.GetRequiredService<DecisionEvents>(), Clock(provider)));
        services.AddSingleton<AuditState>();
        services.AddSingleton<AuditWatchers>();
        services.AddSingleton(provider => new SiloLog(
            provider.GetService<IAuditLog>(), provider.GetService<AuditReader>(), provider.GetRequiredService<AuditWatchers>(), Clock(provider)));
        if (options.Cluster.HasSilo)
        {
            services.AddSingleton<ClusterLog>();
            services.AddSingleton<LogVerification>();
        }

        services.AddSingleton(provider => new AuditService(
            provider.GetService<ClusterLog>(),
            provider.GetRequiredService<IGrainFactory>(),
            provider.GetRequiredService<KeyAuthenticator>(),
            provider.GetRequiredService<IHostApplicationLifetime>(),
            Clock(provider)));
        return builder;
    }

    private static void AddUpkeep(this IServiceCollection services, ServerOptions options)
    {
        var (settings, isShared) = (options.Audit, options.Audit.Sink == AuditSinkKind.Azure);
        if (isShared && options.Cluster.HasSilo)
        {
            services.AddSingleton(provider => new OrphanSealer(
                provider.GetRequiredService<AuditPlace>().Container!,
                provider.GetRequiredService<AuditPlace>().CreateLedger(TimeProvider.System),
                settings.Signing.ReadKey(),
                TimeProvider.System));
            services.AddHostedService<OrphanUpkeep>();
        }

        if (settings.Retention.IsOn && (!isShared || options.Cluster.HasSilo))
        {
            services.AddHostedService(provider => new RetentionUpkeep(
                new RetentionKeeper(
                    provider.GetRequiredService<AuditPlace>().Retained,
                    provider.GetRequiredService<AuditPlace>().CreateLedger(TimeProvider.System),
                    settings.Signing.ReadKey(),
                    TimeProvider.System),
                settings.Retention.ToOptions(),
                isShared ? provider.GetRequiredService<ISiloStatusOracle>() : null,
                provider.GetRequiredService<ILogger<RetentionUpkeep>>(),
                Clock(provider)));
        }
    }

    // A front door without a silo keeps a log of its own answers.
    private static string NameOf(ClusterSettings cluster, IServiceProvider provider) => cluster.HasSilo
        ? provider.GetRequiredService<IOptions<SiloOptions>>().Value.SiloName
        : OrphanUpkeep.FrontDoorPrefix + Dns.GetHostName()[..Math.Min(64 - OrphanUpkeep.FrontDoorPrefix.Length, Dns.GetHostName().Length)];

    private static TimeProvider Clock(IServiceProvider provider) => provider.GetRequiredKeyedService<TimeProvider>(ClusterClock.Key);
}
