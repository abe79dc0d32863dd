using ControlZero.Audit.Reading;
using ControlZero.Engine;
using ControlZero.Engine.Requests;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using Google.Protobuf;
using Grpc.Core;
using EventFilter = ControlZero.Protocol.V1.EventFilter;

namespace ControlZero.Server.Audit.Reading;

/// <summary>A checked <see cref="QueryEventsRequest"/>, and how its answers become a page.</summary>
/// <param name="Query">What each silo is asked.</param>
/// <param name="Caller">Who asks: of its tenant it sees the events of the agents that it may speak for.</param>
/// <param name="Purpose">What the page's token belongs to.</param>
/// <param name="Size">At most so many events.</param>
internal sealed record EventQuestion(SiloQuery Query, ClientIdentity Caller, string Purpose, int Size)
{
    /// <summary>Checks a request.</summary>
    /// <exception cref="RpcException">A field is wrong, or the key is not bound to the agent.</exception>
    public static EventQuestion Read(QueryEventsRequest request, ClientIdentity caller)
    {
        var size = PageRequest.ReadSize(request.PageSize);
        var from = request.From is null ? 0 : Ticks(request.From, "from");
        var to = request.To is null ? DateTime.MaxValue.Ticks : Ticks(request.To, "to");
        if (from > to)
        {
            throw RpcErrors.InvalidFields([new FieldFault("from", "TIME_RANGE", "from is after to", "send an earlier time, or none")]).ToRpcException();
        }

        var filter = Checked(request.Filter, caller);
        var purpose = $"query {from} {to} {Convert.ToBase64String(filter.ToByteArray())}";
        var before = request.PageToken.Length == 0
            ? EventPlace.Before(to)
            : EventToken.Decode<PagePlace>("page_token", "PAGE_TOKEN_INVALID", request.PageToken, purpose, caller.Tenant).Place;
        return new EventQuestion(Ask(filter, caller, from, before, size), caller, purpose, size);
    }

    /// <summary>The filter of a request, or the one that takes everything.</summary>
    /// <exception cref="RpcException">A field is wrong, or the key is not bound to the agent.</exception>
    public static EventFilter Checked(EventFilter? filter, ClientIdentity caller)
    {
        filter ??= new EventFilter();
        FieldFault?[] faults =
        [
            filter.AgentId.Length > 0 && RequestSyntax.CheckAgentId(filter.AgentId) is not null ? Fault("agent_id", "is no agent's id", "send one as it is registered") : null,
            filter.Effect is "" or "allow" or "deny" or "warn" or "audit" ? null : Fault("effect", "is no effect", "send `allow`, `deny`, `warn` or `audit`"),
            Name("model", filter.Model),
            Name("policy", filter.Policy),
            Name("rule_id", filter.RuleId),
        ];
        var found = faults.OfType<FieldFault>().ToList();
        if (found.Count > 0)
        {
            throw RpcErrors.InvalidFields(found).ToRpcException();
        }

        // An empty page would read as if the agent had never done anything.
        return filter.AgentId.Length == 0 || caller.SpeaksFor(filter.AgentId) ? filter : throw RpcErrors.AgentNotBound(filter.AgentId).ToRpcException();

        static FieldFault? Name(string field, string text) => text.Length <= Limits.ResourceMaxBytes && !text.Any(char.IsControl)
            ? null
            : Fault(field, $"is longer than {Limits.ResourceMaxBytes} characters or has control characters", "send the exact name");

        static FieldFault Fault(string field, string what, string remedy) =>
            new($"filter.{field}", "FILTER_SYNTAX", $"filter.{field} {what}", $"{remedy}, or leave it out");
    }

    /// <summary>The filter as silos are asked.</summary>
    public static SiloQuery Ask(EventFilter filter, ClientIdentity caller, long from, EventPlace before, int count) => new()
    {
        Tenant = caller.Tenant.Value,
        Agent = OrNull(filter.AgentId),
        Agents = filter.AgentId.Length > 0 || caller.SpeaksForEveryone ? [] : caller.Key.Agents,
        Effect = OrNull(filter.Effect),
        Model = OrNull(filter.Model),
        Policy = OrNull(filter.Policy),
        Rule = OrNull(filter.RuleId),
        From = from,
        BeforeTime = before.Time,
        Before = new LogPlace(before.Silo, before.Generation, before.Sequence),
        Count = count,
    };

    /// <summary>The page that the silos' answers make.</summary>
    public QueryEventsResponse ToPage(Answers<SiloEvents> answers)
    {
        // Below what the slowest of them looked through, something may be missing.
        var ends = answers.All.Select(LookedThrough).OfType<EventPlace>().ToList();
        var through = ends.Count == 0 ? (EventPlace?)null : ends.Max(EventPlace.Order);

        // INVARIANT: whoever picked them, and whatever he was told of the key's binding, what leaves is held against it here.
        var found = answers.All
            .SelectMany(answer => answer.Events)
            .DistinctBy(each => each.Place)
            .Where(each => through is not { } place || EventPlace.Order.Compare(PlaceOf(each), place) >= 0)
            .OrderByDescending(PlaceOf, EventPlace.Order)
            .Select(each => (Place: PlaceOf(each), Message: EventMessages.ToMessage(each, Caller.Tenant.Value)))
            .Where(each => Caller.SpeaksFor(each.Message.AgentId))
            .Take(Size + 1)
            .ToList();
        var next = found.Count > Size ? found[Size - 1].Place : through;
        return new QueryEventsResponse
        {
            Events = { found.Take(Size).Select(each => each.Message) },
            UnreachableSilos = { answers.Unreachable },
            NextPageToken = next is { } last ? EventToken.Encode(Purpose, Caller.Tenant, new PagePlace(last)) : "",
        };
    }

    // Down to where, inclusive, a silo left nothing out. Null: to the beginning.
    private EventPlace? LookedThrough(SiloEvents answer) =>
        answer.Events.Length >= Size ? answer.Events.Select(PlaceOf).Min(EventPlace.Order)
        : answer.LookedThroughFrom == 0 ? null
        : answer.LookedThrough is { Silo: not null } place ? new EventPlace(answer.LookedThroughFrom, place.Silo, place.Generation, place.Sequence)
        : EventPlace.Before(answer.LookedThroughFrom + 1);

    private static EventPlace PlaceOf(SiloEvent found) => new(found.Time, found.Place.Silo, found.Place.Generation, found.Place.Sequence);

    private static string? OrNull(string text) => text.Length == 0 ? null : text;

    private static long Ticks(Google.Protobuf.WellKnownTypes.Timestamp time, string field)
    {
        try
        {
            return time.ToDateTime().Ticks;
        }
        catch (InvalidOperationException)
        {
            throw RpcErrors.InvalidFields([new FieldFault(field, "TIME_RANGE", $"{field} is no time", "send one of the years 1 to 9999")]).ToRpcException();
        }
    }
}

/// <summary>Where a page ended.</summary>
/// <param name="Place">The last event shown, or a time.</param>
internal sealed record PagePlace(EventPlace Place);
