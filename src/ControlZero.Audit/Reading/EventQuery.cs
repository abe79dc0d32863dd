using System.Collections.Immutable;
using ControlZero.Audit.Format.Events;
using ControlZero.Engine.Matching;

namespace ControlZero.Audit.Reading;

/// <summary>Which events of a tenant are wanted. What is null may be anything.</summary>
public sealed record EventFilter
{
    /// <summary>Everything.</summary>
    public static EventFilter All { get; } = new();

    /// <summary>Exactly this agent.</summary>
    public string? Agent { get; init; }

    /// <summary>Only agents that one of these matches. Empty: all.</summary>
    public ImmutableArray<Glob> Agents { get; init; } = [];

    /// <summary>Exactly this effect.</summary>
    public string? Effect { get; init; }

    /// <summary>Exactly this model, without <c>model/</c>: of the resource or of a candidate.</summary>
    public string? Model { get; init; }

    /// <summary>Exactly this policy.</summary>
    public string? Policy { get; init; }

    /// <summary>Exactly this rule.</summary>
    public string? Rule { get; init; }

    /// <summary>True when the event is wanted.</summary>
    public bool Takes(AuditEvent audited)
    {
        ArgumentNullException.ThrowIfNull(audited);

        return (Agent is null || Agent == audited.Agent)
            && (Agents.IsEmpty || Agents.Any(glob => glob.IsMatch(audited.Agent)))
            && (Effect is null || Effect == audited.Effect)
            && (Policy is null || Policy == audited.Policy)
            && (Rule is null || Rule == audited.RuleId)
            && (Model is null || audited.Resource == $"model/{Model}" || audited.Candidates.Contains($"model/{Model}"));
    }
}

/// <summary>The place of an event among all of a tenant: by time, then by silo, generation and sequence.</summary>
/// <param name="Time">Ticks, UTC.</param>
/// <param name="Silo">The silo that wrote it.</param>
/// <param name="Generation">Of the silo.</param>
/// <param name="Sequence">Of the record.</param>
public readonly record struct EventPlace(long Time, string Silo, long Generation, long Sequence)
{
    /// <summary>Right before all events of that time and later ones, seen from the future: what is older comes next.</summary>
    public static EventPlace Before(long time) => new(time, "", 0, 0);

    /// <summary>The order of places, the oldest first.</summary>
    public static Comparer<EventPlace> Order { get; } = Comparer<EventPlace>.Create((one, other) =>
    {
        var order = one.Time.CompareTo(other.Time);
        order = order != 0 ? order : string.CompareOrdinal(one.Silo, other.Silo);
        order = order != 0 ? order : one.Generation.CompareTo(other.Generation);
        return order != 0 ? order : one.Sequence.CompareTo(other.Sequence);
    });
}

/// <summary>An event and its place.</summary>
/// <param name="Place">The place.</param>
/// <param name="Event">The event.</param>
public sealed record PlacedEvent(EventPlace Place, AuditEvent Event);

/// <summary>What is asked of the part of a log that one reader sees.</summary>
/// <param name="Tenant">Whose events.</param>
/// <param name="Filter">Which of them.</param>
/// <param name="From">The earliest time, inclusive. Ticks, UTC.</param>
/// <param name="Before">Only events before this place.</param>
/// <param name="Count">At most so many, the newest.</param>
public sealed record EventQuery(string Tenant, EventFilter Filter, long From, EventPlace Before, int Count);

/// <summary>What was found.</summary>
/// <param name="Events">The newest events that match, the newest first.</param>
/// <param name="LookedThrough">Down to this place, inclusive, nothing is missing but for <see cref="EventQuery.Count"/>. Null: nothing at all is.</param>
public sealed record EventPage(IReadOnlyList<PlacedEvent> Events, EventPlace? LookedThrough);
