using System.Collections.Immutable;

namespace ControlZero.Server.Audit.Reading;

/// <summary>Answers for this silo.</summary>
internal sealed class AuditReadService(GrainId id, Silo silo, ILoggerFactory loggers, SiloLog log, ILocalSiloDetails siloDetails, LogVerification verification) : GrainService(id, silo, loggers), IAuditReadService
{
    public Task<SiloEvents> QueryAsync(SiloQuery query) => log.QueryAsync(query);

    public Task<SiloEvents> FindAsync(string tenant, string decisionId, long time) => log.FindAsync(tenant, decisionId, time);

    public Task<SiloEvents> FollowAsync(string tenant, ImmutableArray<LogPlace> after, long since) => log.FollowAsync(tenant, after, since);

    public Task<ImmutableArray<LogPlace>> EndsAsync() => log.EndsAsync();

    public async Task<string> CatchUpAsync() => await log.CatchUpAsync() ? "" : siloDetails.Name;

    public async Task<SiloVerification> VerifyAsync(int mostFindings, CancellationToken cancellationToken) =>
        SiloVerification.Of(await verification.RunAsync(mostFindings, cancellationToken));

    public Task WatchAsync(IAuditWatcher watcher)
    {
        log.Watch(watcher);
        return Task.CompletedTask;
    }
}
