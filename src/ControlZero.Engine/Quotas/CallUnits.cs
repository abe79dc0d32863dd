using ControlZero.Engine.Prices;

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

        var price = limit.Metric == QuotaMetric.CostUsd ? PriceOf(limit, resource, estimate.InputTokens ?? 0, prices) : null;
        if (limit.Metric == QuotaMetric.CostUsd && estimate.CostNanos is not > 0 && IsModel(resource) && price is null)
        {
            return EstimateStatus.PriceUnknown;
        }

        // One of two figures is better than none, and never less than what the limit says of calls without any.
        var known = Expected(limit, estimate, price);
        var least = Expected(limit, estimate with { InputTokens = estimate.InputTokens ?? 0, OutputTokens = estimate.OutputTokens ?? 0 }, price) ?? 0;
        if (known == 0 && estimate is { CostNanos: null, InputTokens: > 0 } && price is not null)
        {
            // A model that is free by its price is no estimate of nothing.
            return EstimateStatus.Known;
        }

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
            QuotaMetric.CostUsd => usage.CostNanos ?? Cost(PriceOf(limit, resource, usage.InputTokens ?? 0, prices), usage),
            _ => null,
        };
    }

    /// <summary>True for the resource of a model.</summary>
    public static bool IsModel(string? resource) => resource is not null && resource.StartsWith(ModelPrefix, StringComparison.Ordinal);

    // Before a call nobody knows what of it will be cached or reasoning: the dearest is held.
    private static long? Expected(QuotaLimit limit, CallUsage estimate, ModelPrice? price) => limit.Metric switch
    {
        QuotaMetric.InputTokens => estimate.InputTokens,
        QuotaMetric.OutputTokens => estimate.OutputTokens,
        QuotaMetric.TotalTokens => estimate.InputTokens + estimate.OutputTokens,
        _ => estimate.CostNanos ?? (estimate is { InputTokens: { } input, OutputTokens: { } output } ? price?.Ceiling(input, output) : null),
    };

    private static ModelPrice? PriceOf(QuotaLimit limit, string? resource, long inputTokens, IModelPrices prices) =>
        IsModel(resource) ? prices.Find(resource!)?.For(inputTokens) ?? limit.FallbackPrice : null;

    private static long? Cost(ModelPrice? price, CallUsage usage) => usage is { InputTokens: { } input, OutputTokens: { } output }
        ? price?.Cost(new TokenCounts(input, output, usage.CachedInputTokens ?? 0, usage.CacheWriteTokens ?? 0, usage.ReasoningTokens ?? 0))
        : null;
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
