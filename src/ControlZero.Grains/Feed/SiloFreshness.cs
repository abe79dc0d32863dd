using ControlZero.Abstractions.Agents;
using ControlZero.Grains.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ControlZero.Grains.Feed;

/// <summary>
/// How old this silo's knowledge of what is in force is: the time since it last began to read the change feed and then followed all of it.
/// Whatever was acknowledged before that moment, this silo decides by.
/// </summary>
public sealed class SiloFreshness
{
    private readonly TimeProvider _clock;
    private volatile Confirmation? _confirmed;
    private volatile bool _failing;
    private Func<Task> _read = static () => Task.CompletedTask;

    /// <summary>Creates it. Nothing is confirmed yet.</summary>
    public SiloFreshness(IOptions<FreshnessOptions> options, [FromKeyedServices(ClusterClock.Key)] TimeProvider clock)
    {
        Bound = options.Value.Bound;
        _clock = clock;
    }

    /// <summary>How old it may be, see <see cref="FreshnessOptions.Bound"/>.</summary>
    public TimeSpan Bound { get; }

    /// <summary>How old it is. <see cref="TimeSpan.MaxValue"/>: nothing was ever confirmed.</summary>
    // INVARIANT: read before the snapshot that a decision is made with, so the snapshot is no older than this says.
    public TimeSpan Age => AgeAt(Now());

    /// <summary>How old it is, or was at that moment: for those who have read the clock already. What was confirmed since then counts as of no age.</summary>
    public TimeSpan AgeAt(Moment now) => _confirmed is not { } confirmed ? TimeSpan.MaxValue
        : Between(confirmed.AsOf, now) is var age && age > TimeSpan.Zero ? age : TimeSpan.Zero;

    /// <summary>True while it is within the bound.</summary>
    public bool IsFresh => Age <= Bound;

    /// <summary>The place in the feed up to which it is followed. 0: none.</summary>
    public long Sequence => _confirmed?.Sequence ?? 0;

    /// <summary>The present.</summary>
    public Moment Now() => new(_clock.GetTimestamp(), _clock.GetUtcNow());

    /// <summary>The present, for whoever sets out to have something decided.</summary>
    public Asked Ask()
    {
        var now = Now();
        return new Asked(now, AgeAt(now));
    }

    /// <summary>
    /// How long ago that was: by the clock that says the longer time. One of them stands still while the machine sleeps, the other can
    /// be set back. A wall clock set forward makes the silo look stale until its next read of the feed.
    /// </summary>
    public TimeSpan Since(Moment moment) => Between(moment, Now());

    /// <summary>The same between two moments.</summary>
    public TimeSpan Between(Moment begun, Moment ended)
    {
        var elapsed = _clock.GetElapsedTime(begun.Timestamp, ended.Timestamp);
        var wall = ended.Wall - begun.Wall;
        return elapsed > wall ? elapsed : wall;
    }

    /// <summary>
    /// How long an answer may still leave, see <see cref="Authorization.Age"/>. A deny always may. It rests on what the silo that decided knew, and
    /// on what this process knew when it took the caller's key for valid: the older of the two counts.
    /// </summary>
    /// <param name="authorization">What was decided, on this silo or another.</param>
    /// <param name="asked">When this silo set out to have it decided.</param>
    public AllowLease LeaseOf(Authorization authorization, in Asked asked)
    {
        if (authorization is not { Decision.Allowed: true, Age: { } age })
        {
            return default;
        }

        return new AllowLease(this, asked.At, Bound - (age > asked.Age ? age : asked.Age));
    }

    /// <summary>
    /// Reads the feed when the silo is stale, as it is when the process was paused. False: it still is, because storage does not answer.
    /// While reads fail nobody waits for one.
    /// </summary>
    public ValueTask<bool> EnsureAsync() => IsFresh
        ? ValueTask.FromResult(true)
        : _failing ? ValueTask.FromResult(false) : ReadAsync();

    /// <summary>Says how the feed is read.</summary>
    internal void ReadBy(Func<Task> read) => _read = read;

    /// <summary>Says that all that was acknowledged before a moment is followed.</summary>
    internal void Confirm(Moment asOf, long sequence)
    {
        _confirmed = new Confirmation(asOf, sequence);
        _failing = false;
    }

    /// <summary>Says that the feed cannot be read.</summary>
    internal void Fail() => _failing = true;

    /// <summary>Reads the feed, however fresh the silo is.</summary>
    internal Task RefreshAsync() => _read();

    private async ValueTask<bool> ReadAsync()
    {
        await RefreshAsync();
        return IsFresh;
    }

    private sealed record Confirmation(Moment AsOf, long Sequence);
}
