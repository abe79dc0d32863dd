using System.Collections.Immutable;
using ControlZero.Abstractions.Agents;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Quotas;

namespace ControlZero.Grains.Quotas;

/// <summary>What an allowed request would take of the limits that count it. Made outside of any lock.</summary>
internal sealed class QuotaAsk
{
    private const int LimitsOnStack = 64;
    private const long NotCounted = -1;

    private QuotaAsk(QuotaDemand[] own, QuotaDemand[] shared, Decision? refused, RequestTag? tag)
    {
        Own = own;
        Shared = shared;
        Refused = refused;
        Tag = tag;
        Hold = QuotaLimit.DefaultHold;
        HoldFor(own);
        HoldFor(shared);
    }

    /// <summary>Of the agent's limits.</summary>
    public QuotaDemand[] Own { get; }

    /// <summary>Of those it shares with its tenant.</summary>
    public QuotaDemand[] Shared { get; }

    /// <summary>Why it is denied, whatever is left. Null: it is not.</summary>
    public Decision? Refused { get; }

    /// <summary>The request as its caller identifies it. Null: he gave it no id.</summary>
    public RequestTag? Tag { get; }

    /// <summary>How long the call may be under way: until then a settle gives back. Of several limits on calls in flight, the longest hold.</summary>
    public TimeSpan Hold { get; private set; }

    /// <summary>The first limit that counts the call among those in flight. Null: none does.</summary>
    public QuotaLimit? InFlight { get; private set; }

    /// <summary>What a request asks of limits. Null: none counts it.</summary>
    public static QuotaAsk? Of(ImmutableArray<QuotaLimit> limits, AuthorizeRequest request, IModelPrices prices)
    {
        Span<long> units = limits.Length <= LimitsOnStack ? stackalloc long[limits.Length] : new long[limits.Length];
        var (own, shared) = (0, 0);
        Decision? refused = null;
        for (var index = 0; index < limits.Length; index++)
        {
            units[index] = Units(limits[index], request, prices, ref refused) ?? NotCounted;
            if (units[index] != NotCounted)
            {
                _ = limits[index].Scope == QuotaScope.Tenant ? shared++ : own++;
            }
        }

        if (own + shared == 0 && refused is null)
        {
            return null;
        }

        var tag = request.RequestId is { } id ? new RequestTag(id, RequestDigest.Of(request)) : null;
        return new QuotaAsk(
            Demands(limits, units, own, ofTenant: false), Demands(limits, units, shared, ofTenant: true), refused, tag);
    }

    /// <summary>Several requests' demands as one: each limit once.</summary>
    public static QuotaDemand[] Sum(IEnumerable<QuotaDemand> demands) =>
        [.. demands.GroupBy(demand => demand.Limit).Select(group => new QuotaDemand(group.Key, group.Sum(demand => demand.Units)))];

    private static QuotaDemand[] Demands(ImmutableArray<QuotaLimit> limits, ReadOnlySpan<long> units, int count, bool ofTenant)
    {
        if (count == 0)
        {
            return [];
        }

        var demands = new QuotaDemand[count];
        var next = 0;
        for (var index = 0; next < count; index++)
        {
            if (units[index] != NotCounted && limits[index].Scope == QuotaScope.Tenant == ofTenant)
            {
                demands[next++] = new QuotaDemand(limits[index], units[index]);
            }
        }

        return demands;
    }

    private void HoldFor(QuotaDemand[] demands)
    {
        foreach (var (limit, _) in demands)
        {
            if (limit.Metric == QuotaMetric.InFlight)
            {
                Hold = InFlight is null || limit.Hold > Hold ? limit.Hold : Hold;
                InFlight ??= limit;
            }
        }
    }

    // Of several candidates any may answer, so the dearest is charged. Null: the limit counts none of them.
    private static long? Units(QuotaLimit limit, AuthorizeRequest request, IModelPrices prices, ref Decision? refused)
    {
        long? most = null;
        var hasResource = request.Resource is not null || request.Candidates.IsEmpty;
        for (var index = hasResource ? -1 : 0; index < request.Candidates.Length; index++)
        {
            var resource = index < 0 ? request.Resource : request.Candidates[index];
            if (!limit.Applies(request.Action, resource))
            {
                continue;
            }

            switch (CallUnits.Estimate(limit, request.Estimate ?? CallUsage.Unknown, resource, prices, out var units))
            {
                case EstimateStatus.Required:
                    refused ??= QuotaDenials.EstimateRequired(limit);
                    break;
                case EstimateStatus.PriceUnknown:
                    refused ??= QuotaDenials.PriceUnknown(limit);
                    break;
                default:
                    most = Math.Max(most ?? 0, units);
                    break;
            }
        }

        return most;
    }
}
