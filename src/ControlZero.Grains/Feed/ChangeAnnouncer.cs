using System.Collections.Immutable;
using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Runtime.Services;

namespace ControlZero.Grains.Feed;

/// <summary>Makes a change known: to the feed, by which every silo finds it within the bound, and to each active silo at once.</summary>
internal sealed partial class ChangeAnnouncer(
    IServiceProvider services,
    ISiloStatusOracle silos,
    ChangeFeed feed,
    SiloFreshness freshness,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock,
    ILogger<ChangeAnnouncer> logger) : GrainServiceClient<ICatalogService>(services)
{
    /// <summary>Makes a change and makes it known. When it returns, the change is durable and every silo follows it within the bound.</summary>
    public async Task<Acknowledgement> CommitAsync(Change change, Func<Task> commit)
    {
        await MakeAsync(change, commit);
        return await AnnounceAsync(change);
    }

    /// <summary>Makes a change durable, to be announced next. In the feed before: should this silo be killed, the others find what is really there.</summary>
    public async Task MakeAsync(Change change, Func<Task> commit)
    {
        await feed.AppendAsync(change);
        await commit();
    }

    /// <summary>
    /// Makes a change known that was made already. In the feed after it was made, and only then acknowledged: a reader that looked too early looks again.
    /// </summary>
    public async Task<Acknowledgement> AnnounceAsync(Change change)
    {
        var appended = feed.AppendAsync(change);
        var told = await Task.WhenAll(silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Select(silo => TellAsync(silo, change)));
        await appended;
        return new Acknowledgement
        {
            Silos = Names(told.Where(silo => silo.Told)),
            Pending = Names(told.Where(silo => !silo.Told)),
            EnforcedBy = clock.GetUtcNow() + freshness.Bound,
        };
    }

    // What is announced is durable already: a silo that does not answer must not undo it for the others. Past the bound its lease is over.
    private async Task<(SiloAddress Silo, bool Told)> TellAsync(SiloAddress silo, Change change)
    {
        try
        {
            await GetGrainService(silo).NoticeAsync(change).WaitAsync(freshness.Bound, clock);
            return (silo, true);
        }
        catch (Exception failure)
        {
            LogNotTold(silo, failure);
            return (silo, false);
        }
    }

    private ImmutableArray<string> Names(IEnumerable<(SiloAddress Silo, bool Told)> told) =>
        [.. told.Select(silo => silos.TryGetSiloName(silo.Silo, out var name) ? name : silo.Silo.ToString()).Order(StringComparer.Ordinal)];

    [LoggerMessage(EventId = 2001, Level = LogLevel.Warning, Message = "Silo {Silo} did not acknowledge a change in time")]
    private partial void LogNotTold(SiloAddress silo, Exception failure);
}
