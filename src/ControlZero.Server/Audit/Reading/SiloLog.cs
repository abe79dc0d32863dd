using System.Collections.Immutable;
using ControlZero.Audit.Format.Events;
using ControlZero.Audit.Log;
using ControlZero.Audit.Reading;
using ControlZero.Engine.Matching;
using ControlZero.Grains.Hosting;
using EventFilter = ControlZero.Audit.Reading.EventFilter;

namespace ControlZero.Server.Audit.Reading;

/// <summary>The part of the log that this silo keeps, for reading: what it wrote, and what lies in its directory.</summary>
internal sealed class SiloLog : IDisposable
{
    /// <summary>Events that one answer to a follower brings at most.</summary>
    public const int MostFollowed = 500;

    // What is durable can be read from the files some milliseconds later.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly IAuditLog? _log;
    private readonly AuditReader? _reader;
    private readonly TimeProvider _clock;
    private readonly AuditWatchers _watchers;
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _readable;

    /// <summary>Creates it.</summary>
    /// <param name="log">The silo's log. Null: nothing is recorded.</param>
    /// <param name="reader">Reads its files. Null: there are none.</param>
    /// <param name="watchers">Who is woken.</param>
    /// <param name="clock">Measures patience.</param>
    public SiloLog(IAuditLog? log, AuditReader? reader, AuditWatchers watchers, [FromKeyedServices(ClusterClock.Key)] TimeProvider clock)
    {
        (_log, _reader, _watchers, _clock) = (log, reader, watchers, clock);
        if (log is not null)
        {
            log.Readable += OnReadable;
        }
    }

    public async Task<SiloEvents> QueryAsync(SiloQuery query)
    {
        if (_reader is null)
        {
            return new SiloEvents([]);
        }

        await CatchUpAsync();
        var filter = new EventFilter
        {
            Agent = query.Agent,
            Agents = query.Agents.IsDefaultOrEmpty ? [] : [.. query.Agents.Select(ToGlob)],
            Effect = query.Effect,
            Model = query.Model,
            Policy = query.Policy,
            Rule = query.Rule,
        };
        var before = new EventPlace(query.BeforeTime, query.Before.Silo, query.Before.Generation, query.Before.Sequence);
        var page = await _reader.QueryAsync(new EventQuery(query.Tenant, filter, query.From, before, query.Count), CancellationToken.None);

        // Of a full page its last event says so, to servers of an earlier build too.
        var through = page.Events.Count < query.Count ? page.LookedThrough : null;
        return through is { } place
            ? new SiloEvents([.. page.Events.Select(ToMessage)], place.Time, LookedThrough: new LogPlace(place.Silo, place.Generation, place.Sequence))
            : new SiloEvents([.. page.Events.Select(ToMessage)]);
    }

    public async Task<SiloEvents> FindAsync(string tenant, string decisionId, long time)
    {
        if (_reader is null)
        {
            return new SiloEvents([]);
        }

        await CatchUpAsync();
        return new SiloEvents([.. (await _reader.FindAsync(tenant, decisionId, time, CancellationToken.None)).Select(ToMessage)]);
    }

    public async Task<SiloEvents> FollowAsync(string tenant, ImmutableArray<LogPlace> after, long since)
    {
        if (_reader is null)
        {
            return new SiloEvents([]);
        }

        var places = after.ToDictionary(place => (place.Silo, place.Generation), place => place.Sequence);
        var newest = after.GroupBy(place => place.Silo).ToDictionary(silo => silo.Key, silo => silo.Max(place => place.Generation));
        var found = await _reader.FollowAsync(tenant, After, since, MostFollowed, CancellationToken.None);
        return new SiloEvents([.. found.Select(ToMessage)], More: found.Count == MostFollowed);

        // A generation that the follower does not name is new to him, or so old that he has forgotten it.
        long After(string silo, long generation) => places.TryGetValue((silo, generation), out var sequence)
            ? sequence
            : newest.GetValueOrDefault(silo) > generation ? long.MaxValue : 0;
    }

    public async Task<ImmutableArray<LogPlace>> EndsAsync()
    {
        if (_reader is null)
        {
            return [];
        }

        await CatchUpAsync();
        return [.. (await _reader.EndsAsync(CancellationToken.None)).Select(end => new LogPlace(end.Silo, end.Generation, end.Sequence))];
    }

    public void Watch(IAuditWatcher watcher) => _watchers.Add(watcher);

    public void Dispose()
    {
        if (_log is not null)
        {
            _log.Readable -= OnReadable;
        }

        _reader?.Dispose();
    }

    /// <summary>Waits until what was answered before can be read: a caller may ask for that very event. False: a second was not enough.</summary>
    public async Task<bool> CatchUpAsync()
    {
        if (_log is null)
        {
            return true;
        }

        var wanted = _log.Status.Committed.Sequence;
        var begun = _clock.GetTimestamp();
        while (true)
        {
            var more = Volatile.Read(ref _more).Task;
            var left = Patience - _clock.GetElapsedTime(begun);
            if (Volatile.Read(ref _readable) >= wanted || _log.Status.Shipped >= wanted)
            {
                return true;
            }

            if (left <= TimeSpan.Zero)
            {
                return false;
            }

            await Task.WhenAny(more, Task.Delay(left, _clock));
        }
    }

    private void OnReadable(AuditPosition position)
    {
        Volatile.Write(ref _readable, position.Sequence);
        Interlocked.Exchange(ref _more, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        _watchers.Wake();
    }

    private static Glob ToGlob(string pattern) => Glob.TryParse(pattern, out var glob, out var error) ? glob : throw new ArgumentException(error);

    private static SiloEvent ToMessage(PlacedEvent found)
    {
        var body = new EventBuffer();
        EventJson.Write(found.Event, body);
        return new SiloEvent(
            found.Place.Time,
            new LogPlace(found.Place.Silo, found.Place.Generation, found.Place.Sequence),
            body.Between(0, body.Length).ToArray());
    }
}
