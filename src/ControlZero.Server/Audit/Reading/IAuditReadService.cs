using System.Collections.Immutable;
using Orleans.Concurrency;
using Orleans.Services;

namespace ControlZero.Server.Audit.Reading;

/// <summary>How other silos read the part of the log that a silo keeps.</summary>
// INVARIANT: all of it only reads, so overlapping calls cannot disturb each other.
[Alias("cz.IAuditReadService")]
internal interface IAuditReadService : IGrainService
{
    /// <summary>A tenant's newest events that match.</summary>
    [Alias("Query"), AlwaysInterleave]
    Task<SiloEvents> QueryAsync(SiloQuery query);

    /// <summary>The events of one decision.</summary>
    [Alias("Find"), AlwaysInterleave]
    Task<SiloEvents> FindAsync(string tenant, string decisionId, long time);

    /// <summary>A tenant's events after these places, a bounded number.</summary>
    [Alias("Follow"), AlwaysInterleave]
    Task<SiloEvents> FollowAsync(string tenant, ImmutableArray<LogPlace> after, long since);

    /// <summary>How far each generation of the log goes now.</summary>
    [Alias("Ends"), AlwaysInterleave]
    Task<ImmutableArray<LogPlace>> EndsAsync();

    /// <summary>Waits, a second at most, until what this silo has answered can be read. Empty: it can. Else the silo's name.</summary>
    [Alias("CatchUp"), AlwaysInterleave]
    Task<string> CatchUpAsync();

    /// <summary>Verifies what this silo can read of the log.</summary>
    [Alias("Verify"), AlwaysInterleave, ResponseTimeout("12:00:00")]
    Task<SiloVerification> VerifyAsync(int mostFindings, CancellationToken cancellationToken);

    /// <summary>Wakes the watcher whenever more can be read, for a minute; to be renewed.</summary>
    [Alias("Watch"), AlwaysInterleave]
    Task WatchAsync(IAuditWatcher watcher);
}

/// <summary>Whoever waits for events.</summary>
[Alias("cz.IAuditWatcher")]
internal interface IAuditWatcher : IGrainObserver
{
    /// <summary>More can be read. A wake-up, not the events: one that is lost costs a moment.</summary>
    [Alias("OnReadable"), OneWay]
    Task OnReadableAsync();
}

/// <summary>A question to one silo's part of the log.</summary>
[GenerateSerializer, Immutable, Alias("cz.SiloQuery")]
internal sealed record SiloQuery
{
    /// <summary>Whose events.</summary>
    [Id(0)]
    public required string Tenant { get; init; }

    /// <summary>Exactly this agent. Null: all.</summary>
    [Id(1)]
    public string? Agent { get; init; }

    /// <summary>Exactly this effect. Null: all.</summary>
    [Id(2)]
    public string? Effect { get; init; }

    /// <summary>Exactly this model. Null: all.</summary>
    [Id(3)]
    public string? Model { get; init; }

    /// <summary>Exactly this policy. Null: all.</summary>
    [Id(4)]
    public string? Policy { get; init; }

    /// <summary>Exactly this rule. Null: all.</summary>
    [Id(5)]
    public string? Rule { get; init; }

    /// <summary>The earliest time, inclusive. Ticks, UTC.</summary>
    [Id(6)]
    public required long From { get; init; }

    /// <summary>Only events before this place of time…</summary>
    [Id(7)]
    public required long BeforeTime { get; init; }

    /// <summary>…and log.</summary>
    [Id(8)]
    public required LogPlace Before { get; init; }

    /// <summary>At most so many.</summary>
    [Id(9)]
    public required int Count { get; init; }

    /// <summary>Only agents that one of these patterns matches. Empty: all.</summary>
    [Id(10)]
    public ImmutableArray<string> Agents { get; init; } = [];
}

/// <summary>A place in the log of a silo.</summary>
/// <param name="Silo">Its name.</param>
/// <param name="Generation">Its generation.</param>
/// <param name="Sequence">The record. 0: before the first.</param>
[GenerateSerializer, Immutable, Alias("cz.LogPlace")]
internal readonly record struct LogPlace(
    [property: Id(0)] string Silo,
    [property: Id(1)] long Generation,
    [property: Id(2)] long Sequence);

/// <summary>Events that were found.</summary>
/// <param name="Events">The events.</param>
/// <param name="LookedThroughFrom">Of a query with fewer events than asked for: later than this time nothing is missing. Ticks; 0: nothing at all is.</param>
/// <param name="More">Of following: there were more.</param>
/// <param name="LookedThrough">Of a query: of that very time, nothing from this place on is missing. Its default, without a silo: something may be.</param>
[GenerateSerializer, Immutable, Alias("cz.SiloEvents")]
internal sealed record SiloEvents(
    [property: Id(0)] ImmutableArray<SiloEvent> Events,
    [property: Id(1)] long LookedThroughFrom = 0,
    [property: Id(2)] bool More = false,
    [property: Id(3)] LogPlace LookedThrough = default);

/// <summary>One of them.</summary>
/// <param name="Time">When it was recorded. Ticks, UTC.</param>
/// <param name="Place">Where it stands.</param>
/// <param name="Body">What it says.</param>
[GenerateSerializer, Immutable, Alias("cz.SiloEvent")]
internal sealed record SiloEvent(
    [property: Id(0)] long Time,
    [property: Id(1)] LogPlace Place,
    [property: Id(2)] byte[] Body);
