using ControlZero.Abstractions.Tenants;
using ControlZero.Audit.Reading;
using ControlZero.Engine;
using ControlZero.Engine.Requests;
using ControlZero.Protocol.V1;
using ControlZero.Server.Rpc;
using Google.Protobuf;
using Grpc.Core;
using EventFilter = ControlZero.Protocol.V1.EventFilter;

namespace ControlZero.Server.Audit.Reading;

/// <summary>A checked <see cref="QueryEventsRequest"/>, and how its answers become a page.</summary>
/// <param name="Query">What each silo is asked.</param>
/// <param name="Tenant">Whose events.</param>
/// <param name="Purpose">What the page's token belongs to.</param>
/// <param name="Size">At most so many events.</param>
internal sealed record EventQuestion(SiloQuery Query, TenantId Tenant, string Purpose, int Size)
{
    /// <summary>Checks a request.</summary>
    /// <exception cref="RpcException">A field is wrong.</exception>
    public static EventQuestion Read(QueryEventsRequest request, TenantId tenant)
    {
        var size = request.PageSize switch
        {
            < 0 => throw RpcErrors.InvalidFields([new FieldFault(
                "page_size", "PAGE_SIZE_RANGE", "page_size is below 0", $"send 1 to {Limits.PageMaxSize}, or 0 for {Limits.PageDefaultSize}", Limits.PageMaxSize)])
                .ToRpcException(),
            0 => Limits.PageDefaultSize,
            var asked => Math.Min(asked, Limits.PageMaxSize),
        };
        var from = request.From is null ? 0 : Ticks(request.From, "from");
        var to = request.To is null ? DateTime.MaxValue.Ticks : Ticks(request.To, "to");
        if (from > to)
        {
            throw RpcErrors.InvalidFields([new FieldFault("from", "TIME_RANGE", "from is after to", "send an earlier time, or none")]).ToRpcException();
        }

        var filter = Checked(request.Filter);
        var purpose = $"query {from} {to} {Convert.ToBase64String(filter.ToByteArray())}";
        var before = request.PageToken.Length == 0
            ? EventPlace.Before(to)
            : EventToken.Decode<PagePlace>("page_token", "PAGE_TOKEN_INVALID", request.PageToken, purpose, tenant).Place;
        return new EventQuestion(Ask(filter, tenant, from, before, size), tenant, purpose, size);
    }

    /// <summary>The filter of a request, or the one that takes everything.</summary>
    /// <exception cref="RpcException">A field is wrong.</exception>
    public static EventFilter Checked(EventFilter? filter)
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
        return found.Count == 0 ? filter : throw RpcErrors.InvalidFields(found).ToRpcException();

        static FieldFault? Name(string field, string text) => text.Length <= Limits.ResourceMaxBytes && !text.Any(char.IsControl)
            ? null
            : Fault(field, $"is longer than {Limits.ResourceMaxBytes} characters or has control characters", "send the exact name");

        static FieldFault Fault(string field, string what, string remedy) =>
            new($"filter.{field}", "FILTER_SYNTAX", $"filter.{field} {what}", $"{remedy}, or leave it out");
    }

    /// <summary>The filter as silos are asked.</summary>
    public static SiloQuery Ask(EventFilter filter, TenantId tenant, long from, EventPlace before, int count) => new()
    {
        Tenant = tenant.Value,
        Agent = OrNull(filter.AgentId),
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
        var complete = answers.All.Select(answer => answer.LookedThroughFrom).DefaultIfEmpty(0).Max();
        var found = answers.All
            .SelectMany(answer => answer.Events)
            .DistinctBy(each => each.Place)
            .Where(each => each.Time > complete)
            .OrderByDescending(PlaceOf, EventPlace.Order)
            .ToList();
        var shown = found.Take(Size).ToList();
        var isFull = shown.Count == Size && answers.All.Any(answer => answer.Events.Length >= Size) || found.Count > Size;
        var response = new QueryEventsResponse
        {
            Events = { shown.Select(each => EventMessages.ToMessage(each, Tenant.Value)) },
            UnreachableSilos = { answers.Unreachable },
        };
        if (isFull)
        {
            response.NextPageToken = EventToken.Encode(Purpose, Tenant, new PagePlace(PlaceOf(shown[^1])));
        }
        else if (complete > 0)
        {
            response.NextPageToken = EventToken.Encode(Purpose, Tenant, new PagePlace(EventPlace.Before(complete + 1)));
        }

        return response;
    }

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
