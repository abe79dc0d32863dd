using System.Runtime.CompilerServices;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Quotas;

namespace ControlZero.Grains.Quotas;

/// <summary>What calls are answered that limits deny. Made once a limit: a caller who keeps asking costs no memory.</summary>
internal static class QuotaDenials
{
    private static readonly ConditionalWeakTable<QuotaLimit, Decision> ExhaustedBy = [];
    private static readonly ConditionalWeakTable<QuotaLimit, Decision> WithoutRoom = [];
    private static readonly ConditionalWeakTable<QuotaLimit, Decision> WithoutEstimate = [];
    private static readonly ConditionalWeakTable<QuotaLimit, Decision> WithoutPrice = [];

    /// <summary>Storage does not answer.</summary>
    public static Decision StateUnavailable { get; } = Deny(
        ReasonCodes.StateUnavailable,
        "what was reserved of a limit is used up, and storage does not answer; ask again, and look at the server's storage if that does not help");

    /// <summary>The limit has not so much left.</summary>
    public static Decision Exhausted(QuotaLimit limit) => ExhaustedBy.GetValue(limit, static limit => limit.Metric switch
    {
        QuotaMetric.CostUsd => Deny(ReasonCodes.BudgetExceeded, $"{Name(limit)} has not enough money left for this call"),
        QuotaMetric.InFlight => Deny(ReasonCodes.ConcurrencyExceeded, $"{Name(limit)} allows no more calls at the same time; ask again when one has ended"),
        _ => Deny(ReasonCodes.QuotaExceeded, $"{Name(limit)} has not enough {limit.Metric.ToUnit()} left for this call"),
    });

    /// <summary>The limit has places, and the server has no room to keep another call in flight until it ends.</summary>
    public static Decision NoRoom(QuotaLimit limit) => WithoutRoom.GetValue(limit, static limit => Deny(
        ReasonCodes.ConcurrencyExceeded,
        $"{Name(limit)} counts calls in flight, and this server keeps no more of them: {ReservationBook.Capacity} of an agent, {ReservationBudget.Most} in all; "
            + "settle or cancel calls that have ended, or give the limit a shorter `hold`"));

    /// <summary>Neither the call nor the limit says what to charge.</summary>
    public static Decision EstimateRequired(QuotaLimit limit) => WithoutEstimate.GetValue(limit, static limit => Deny(
        ReasonCodes.EstimateRequired,
        $"{Name(limit)} counts {limit.Metric.ToUnit()}, and the call does not say how many it may use; send `estimate`, or give the limit a `default_estimate`"));

    /// <summary>Neither the price table nor the limit has a price for the model.</summary>
    public static Decision PriceUnknown(QuotaLimit limit) => WithoutPrice.GetValue(limit, static limit => Deny(
        ReasonCodes.PriceUnknown,
        $"{Name(limit)} counts money, and the model has no price; add it to the price table, or give the limit a `fallback_price`"));

    private static string Name(QuotaLimit limit) =>
        $"limit `{limit.Key.Name}` of {(limit.Key.Policy.Length == 0 ? "the agent's own" : $"policy `{limit.Key.Policy}`")}";

    private static Decision Deny(string code, string reason) => new()
    {
        Effect = Effect.Deny,
        ReasonCode = code,
        RuleId = $"synthetic:{code}",
        Reason = reason,
    };
}
