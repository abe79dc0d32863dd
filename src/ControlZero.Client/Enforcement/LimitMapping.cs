using ControlZero.Protocol.V1;

namespace ControlZero.Client.Enforcement;

/// <summary>Limits, reservations, settlements and access: to messages and back. What is wrong with a figure the cluster says.</summary>
internal static class LimitMapping
{
    public static Estimate ToEstimate(EnforceEstimate estimate)
    {
        var message = new Estimate();
        Set(estimate.InputTokens, figure => message.InputTokens = figure);
        Set(estimate.MaxOutputTokens, figure => message.MaxOutputTokens = figure);
        Set(estimate.CostNanosUsd, figure => message.CostNanosUsd = figure);
        return message;
    }

    public static SettleRequest ToSettle(Settlement settlement, string agent) => new()
    {
        Token = settlement.Token ?? "",
        AgentId = agent,
        Usage = settlement.Usage is { } usage ? ToUsage(usage) : null,
        ResponseModel = settlement.ResponseModel ?? "",
    };

    public static GetAccessRequest ToAccess(AccessQuery query, string agent) => new()
    {
        AgentId = agent,
        Action = query.Action ?? "",
        // One that is missing is sent empty, which the cluster refuses by its position.
        Resources = { (query.Resources ?? []).Select(resource => resource ?? "") },
        AllowedOnly = query.AllowedOnly,
        PageSize = query.PageSize ?? 0,
        PageToken = query.PageToken ?? "",
    };

    public static SettleOutcome ToOutcome(SettleResponse answer) => new()
    {
        Late = answer.Late,
        Replayed = answer.Replayed,
        Overrun = answer.Overrun,
        ModelDrift = answer.ModelDrift,
        Limits = ToLimits(answer.Limits),
    };

    public static SettleOutcome ToOutcome(CancelResponse answer) =>
        new() { Late = answer.Late, Replayed = answer.Replayed, Limits = ToLimits(answer.Limits) };

    /// <summary>Each resource holds its limits itself.</summary>
    public static AgentAccess ToAccess(GetAccessResponse answer)
    {
        var limits = ToLimits(answer.Limits);
        return new()
        {
            Resources = [.. answer.Resources.Select(entry => new AccessEntry
            {
                Resource = entry.Resource,
                Allowed = entry.Decision == Decision.Allow,
                ReasonCode = entry.ReasonCode,
                Policy = entry.Policy,
                RuleId = entry.RuleId,
                Limits = [.. entry.Limits.Select(place => limits.ElementAtOrDefault(place)).OfType<LimitUsage>()],
                TightestLimit = entry.HasTightestLimit ? limits.ElementAtOrDefault(entry.TightestLimit) : null,
            })],
            Limits = limits,
            NextPageToken = answer.NextPageToken.Length > 0 ? answer.NextPageToken : null,
            PolicyEpoch = answer.PolicyEpoch,
        };
    }

    public static AgentUsage ToUsage(GetUsageResponse answer) => new()
    {
        AgentId = answer.AgentId,
        Allowed = answer.Allowed,
        Denied = answer.Denied,
        LastDecisionAt = answer.LastDecisionAt?.ToDateTimeOffset(),
        Limits = ToLimits(answer.Limits),
    };

    public static EnforceReservation? ToReservation(Reservation? reservation) =>
        reservation is null ? null : new(reservation.Token, reservation.ExpiresAt?.ToDateTimeOffset());

    public static IReadOnlyList<LimitUsage> ToLimits(IEnumerable<LimitState> limits) => [.. limits.Select(limit => new LimitUsage
    {
        Policy = limit.Policy,
        Name = limit.Name,
        Metric = limit.Metric,
        Per = limit.Per,
        Window = limit.Window,
        Unit = limit.Unit,
        Limit = limit.Limit,
        Used = limit.Used,
        Remaining = limit.Remaining,
        ResetsAt = limit.ResetsAt?.ToDateTimeOffset(),
    })];

    private static Usage ToUsage(CallUsage usage)
    {
        var message = new Usage();
        Set(usage.InputTokens, figure => message.InputTokens = figure);
        Set(usage.OutputTokens, figure => message.OutputTokens = figure);
        Set(usage.CachedInputTokens, figure => message.CachedInputTokens = figure);
        Set(usage.CacheWriteTokens, figure => message.CacheWriteTokens = figure);
        Set(usage.ReasoningTokens, figure => message.ReasoningTokens = figure);
        Set(usage.CostNanosUsd, figure => message.CostNanosUsd = figure);
        return message;
    }

    /// <summary>Zero is a figure; null is none, and none is sent.</summary>
    private static void Set(long? figure, Action<long> assign)
    {
        if (figure is { } known)
        {
            assign(known);
        }
    }
}
