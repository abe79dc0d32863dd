namespace ControlZero.Engine.Quotas;

/// <summary>How much of a limit a call takes.</summary>
public static class CallUnits
{
    private const string ModelPrefix = "model/";

    /// <summary>
    /// What a call is charged before it is made: its estimate, else the limit's. Not a unit of tokens or money is granted on an estimate of nothing.
    /// </summary>
    /// <param name="limit">The limit.</param>
    /// <param name="estimate">What the call is expected to use.</param>
    /// <param name="resource">What it uses it with. Null: nothing.</param>
    /// <param name="prices">What models cost.</param>
    /// <param name="units">How much, at least 1.</param>
    public static EstimateStatus Estimate(QuotaLimit limit, CallUsage estimate, string? resource, IModelPrices prices, out long units)
    {
        ArgumentNullException.ThrowIfNull(limit);
        ArgumentNullException.ThrowIfNull(estimate);
        units = 1;
        if (limit.Metric is QuotaMetric.Requests or QuotaMetric.InFlight)
        {
            return EstimateStatus.Known;
        }

        if (limit.Metric == QuotaMetric.CostUsd && estimate.CostNanos is not > 0 && IsModel(resource) && PriceOf(limit, resource!, prices) is null)
        {
            return EstimateStatus.PriceUnknown;
        }

        // One of two figures is better than none, and never less than what the limit says of calls without any.
        var known = Units(limit, estimate, resource, prices);
        var least = Units(limit, estimate with { InputTokens = estimate.InputTokens ?? 0, OutputTokens = estimate.OutputTokens ?? 0 }, resource, prices) ?? 0;
        units = known is > 0 ? known.Value : Math.Max(least, limit.DefaultEstimate ?? 0);
        return known is > 0 || limit.DefaultEstimate is not null ? EstimateStatus.Known : EstimateStatus.Required;
    }

    /// <summary>What a call has used of a limit. Null: that is not known.</summary>
    /// <param name="limit">The limit.</param>
    /// <param name="usage">What it used.</param>
    /// <param name="resource">The model that answered. Null: none did.</param>
    /// <param name="prices">What models cost.</param>
    public static long? Units(QuotaLimit limit, CallUsage usage, string? resource, IModelPrices prices)
    {
        ArgumentNullException.ThrowIfNull(limit);
        ArgumentNullException.ThrowIfNull(usage);
        return limit.Metric switch
        {
            QuotaMetric.InputTokens => usage.InputTokens,
            QuotaMetric.OutputTokens => usage.OutputTokens,
            QuotaMetric.TotalTokens => usage.InputTokens + usage.OutputTokens,
            QuotaMetric.CostUsd => usage.CostNanos ?? (IsModel(resource) && PriceOf(limit, resource!, prices) is { } price ? Cost(price, usage) : null),
            _ => null,
        };
    }

    /// <summary>True for the resource of a model.</summary>
    public static bool IsModel(string? resource) => resource is not null && resource.StartsWith(ModelPrefix, StringComparison.Ordinal);

    private static ModelPrice? PriceOf(QuotaLimit limit, string resource, IModelPrices prices) => prices.Find(resource) ?? limit.FallbackPrice;

    private static long? Cost(in ModelPrice price, CallUsage usage) =>
        usage is { InputTokens: { } input, OutputTokens: { } output } ? price.Cost(input, output) : null;
}

/// <summary>Whether it can be told what a call is to be charged.</summary>
public enum EstimateStatus
{
    /// <summary>Not stated.</summary>
    Unspecified = 0,

    /// <summary>It can.</summary>
    Known = 1,

    /// <summary>The call brings no estimate, and the limit states none.</summary>
    Required = 2,

    /// <summary>The model has no price, and the limit states none.</summary>
    PriceUnknown = 3,
}
