using System.Collections.Immutable;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using Google.Protobuf;
using Grpc.Core;
using Filter = ControlZero.Audit.Reading.EventFilter;

namespace ControlZero.Server.Audit.Reading;

/// <summary>
/// One listener: reads what follows its cursor out of every silo's log, and waits to be woken by them. A wake-up that is lost costs a second, an event
/// never: events are the log's to tell.
/// </summary>
internal sealed class EventTail(ClusterLog log, IGrainFactory grains, ClientIdentity caller, EventFilter filter, TimeProvider clock)
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Renewal = AuditWatchers.Kept / 3;

    // Older generations of a silo than these have been read to their end.
    private const int KeptGenerations = 4;

    private readonly string _purpose = $"tail {Convert.ToBase64String(filter.ToByteArray())}";
    private readonly Filter _filter = new()
    {
        Agent = OrNull(filter.AgentId),
        Agents = caller.Binding,
        Effect = OrNull(filter.Effect),
        Model = OrNull(filter.Model),
        Policy = OrNull(filter.Policy),
        Rule = OrNull(filter.RuleId),
    };

    private readonly Dictionary<(string Silo, long Generation), long> _places = [];
    private long _since;

    /// <summary>Goes to where the cursor is, or to the present end.</summary>
    /// <exception cref="RpcException">It is no cursor of this filter.</exception>
    public async Task BeginAsync(string cursor)
    {
        if (cursor.Length > 0)
        {
            var read = EventToken.Decode<Cursor>("cursor", "CURSOR_INVALID", cursor, _purpose, caller.Tenant);
            _since = read.Since;
            foreach (var place in read.Places)
            {
                _places[(place.Silo, place.Generation)] = place.Sequence;
            }

            return;
        }

        _since = clock.GetUtcNow().UtcTicks;
        foreach (var place in (await log.AskAsync(silo => silo.EndsAsync())).All.SelectMany(ends => ends))
        {
            _places[(place.Silo, place.Generation)] = place.Sequence;
        }
    }

    /// <summary>Sends what comes until the listener or this server ends it.</summary>
    /// <param name="responses">Where it goes.</param>
    /// <param name="isStillValid">Whether the caller's key may still be used.</param>
    /// <param name="ended">Ends it.</param>
    public async Task RunAsync(IServerStreamWriter<TailEventsResponse> responses, Func<ValueTask<bool>> isStillValid, CancellationToken ended)
    {
        var waker = new Waker();
        var watcher = grains.CreateObjectReference<IAuditWatcher>(waker);
        try
        {
            // At once, so that a listener knows where it stands before anything happened.
            await responses.WriteAsync(new TailEventsResponse { Cursor = Cursor() }, ended);
            var (renewed, said) = (DateTimeOffset.MinValue, clock.GetUtcNow());
            while (!ended.IsCancellationRequested)
            {
                if (clock.GetUtcNow() - renewed >= Renewal)
                {
                    await log.AskEachAsync(async silo =>
                    {
                        await silo.WatchAsync(watcher);
                        return true;
                    });
                    renewed = clock.GetUtcNow();
                }

                waker.Rearm();
                var (events, more, unreachable) = await ReadAsync();
                if (!await isStillValid())
                {
                    throw RpcErrors.InvalidCredentials().ToRpcException();
                }

                if (events.Count > 0 || clock.GetUtcNow() - said >= Heartbeat)
                {
                    await responses.WriteAsync(new TailEventsResponse { Events = { events }, Cursor = Cursor(), UnreachableSilos = { unreachable } }, ended);
                    said = clock.GetUtcNow();
                }

                if (!more)
                {
                    await Task.WhenAny(waker.Woken, Task.Delay(Poll, clock, ended));
                }
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The end that was asked for.
        }
        finally
        {
            grains.DeleteObjectReference<IAuditWatcher>(watcher);
        }
    }

    private async Task<(List<AuditEvent> Events, bool More, ImmutableArray<string> Unreachable)> ReadAsync()
    {
        var places = _places.Select(place => new LogPlace(place.Key.Silo, place.Key.Generation, place.Value)).ToImmutableArray();
        var answers = await log.ReadAsync(silo => silo.FollowAsync(caller.Tenant.Value, places, _since));
        var events = new List<AuditEvent>();
        foreach (var found in answers.All.SelectMany(answer => answer.Events))
        {
            var log = (found.Place.Silo, found.Place.Generation);
            if (found.Place.Sequence <= _places.GetValueOrDefault(log))
            {
                continue;
            }

            _places[log] = found.Place.Sequence;
            if (_filter.Takes(EventMessages.Read(found, caller.Tenant.Value)))
            {
                events.Add(EventMessages.ToMessage(found, caller.Tenant.Value));
            }
        }

        Forget();
        return (events, answers.All.Any(answer => answer.More), answers.Unreachable);
    }

    private void Forget()
    {
        foreach (var silo in _places.Keys.GroupBy(place => place.Silo).Where(silo => silo.Count() > KeptGenerations).ToList())
        {
            foreach (var old in silo.OrderByDescending(place => place.Generation).Skip(KeptGenerations))
            {
                _places.Remove(old);
            }
        }
    }

    private string Cursor() => EventToken.Encode(
        _purpose,
        caller.Tenant,
        new Cursor(_since, [.. _places.Select(place => new LogPlace(place.Key.Silo, place.Key.Generation, place.Value))]));

    private static string? OrNull(string text) => text.Length == 0 ? null : text;

    private sealed class Waker : IAuditWatcher
    {
        private TaskCompletionSource _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Woken => Volatile.Read(ref _woken).Task;

        /// <summary>Forgets wake-ups until now. Before reading, so that none is lost.</summary>
        public void Rearm() => Volatile.Write(ref _woken, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

        public Task OnReadableAsync()
        {
            Volatile.Read(ref _woken).TrySetResult();
            return Task.CompletedTask;
        }
    }
}

/// <summary>Where a listener stands.</summary>
/// <param name="Since">Events of logs that it has not met yet count from here. Ticks, UTC.</param>
/// <param name="Places">The last event it has of each log.</param>
internal sealed record Cursor(long Since, ImmutableArray<LogPlace> Places);
