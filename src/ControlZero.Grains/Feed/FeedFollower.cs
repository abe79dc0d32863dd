using ControlZero.Abstractions.Keys;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Hosting;
using ControlZero.Grains.Keys;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ControlZero.Grains.Feed;

/// <summary>
/// Reads the change feed for this silo, once an interval whatever the number of tenants, and makes the silo's copies follow. Pushes are
/// faster; this is what makes sure.
/// </summary>
internal sealed partial class FeedFollower : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    // Tenants whose records are read at the same time.
    private const int Parallelism = 16;

    private readonly ChangeFeed _feed;
    private readonly PolicyCatalog _policies;
    private readonly KeyCatalog _keys;
    private readonly AgentNotices _agents;
    private readonly SiloFreshness _freshness;
    private readonly FreshnessOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<FeedFollower> _logger;
    private readonly Coalesced<bool> _reading;
    private readonly CancellationTokenSource _stop = new();
    private Task _following = Task.CompletedTask;

    // INVARIANT: written by one read at a time. -1: nothing is followed yet.
    private long _cursor = -1;

    public FeedFollower(
        ChangeFeed feed,
        PolicyCatalog policies,
        KeyCatalog keys,
        AgentNotices agents,
        SiloFreshness freshness,
        IOptions<FreshnessOptions> options,
        [FromKeyedServices(ClusterClock.Key)] TimeProvider clock,
        ILogger<FeedFollower> logger)
    {
        _feed = feed;
        _policies = policies;
        _keys = keys;
        _agents = agents;
        _freshness = freshness;
        _options = options.Value;
        _clock = clock;
        _logger = logger;
        _reading = new Coalesced<bool>(ReadAsync);
        freshness.ReadBy(_reading.RunAsync);
    }

    // Storage is ready, and no grain of this silo was called yet.
    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe<FeedFollower>(ServiceLifecycleStage.BecomeActive - 1, StartAsync, StopAsync);

    public void Dispose() => _stop.Dispose();

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        await _reading.RunAsync().WaitAsync(cancellationToken);
        _following = FollowAsync(_stop.Token);
    }

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _following.WaitAsync(cancellationToken);
    }

    private async Task FollowAsync(CancellationToken stop)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        using var timer = new PeriodicTimer(_options.Interval, _clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                await _reading.RunAsync();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    private async Task<bool> ReadAsync()
    {
        // INVARIANT: what this read confirms was acknowledged before it was sent.
        var asOf = _freshness.Now();
        using var limit = new CancellationTokenSource(_options.ReadTimeout, _clock);
        try
        {
            _cursor = await ApplyAsync(_cursor, limit.Token).WaitAsync(limit.Token);
            _freshness.Confirm(asOf, _cursor);
            return true;
        }
        catch (Exception failure)
        {
            LogNotRead(_freshness.Age, failure);
            _freshness.Fail();
            return false;
        }
    }

    // Every change the record holds is looked at again each time, also those that were followed: one may have been announced before it was
    // made, by a silo that was then killed between the two.
    private async Task<long> ApplyAsync(long cursor, CancellationToken cancellationToken)
    {
        var feed = await _feed.ReadAsync(cancellationToken);
        if (feed.IsPast(cursor))
        {
            _policies.Reset();
            _keys.Reset();
        }

        _agents.Take(feed, missedSome: feed.IsPastForAgents(cursor));
        foreach (var change in feed.Changes.Where(change => change.Kind == ChangeKind.Key))
        {
            _keys.Follow(KeyId.Parse(change.Subject));
        }

        await Parallel.ForEachAsync(
            feed.Changes.Where(change => change.Kind == ChangeKind.Tenant && _policies.IsBehind(change.Tenant, change.Version)),
            new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
            async (change, cancellation) => await _policies.FollowAsync(change.Tenant, cancellation));
        return feed.Sequence;
    }

    [LoggerMessage(EventId = 2011, Level = LogLevel.Warning, Message = "The change feed could not be read; what this silo knows is {Age} old")]
    private partial void LogNotRead(TimeSpan age, Exception failure);
}
