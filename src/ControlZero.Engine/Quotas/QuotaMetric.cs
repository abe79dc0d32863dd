namespace ControlZero.Engine.Quotas;

/// <summary>What a limit counts.</summary>
public enum QuotaMetric
{
    /// <summary>Not stated. Never the metric of a limit.</summary>
    Unspecified = 0,

    /// <summary>Allowed requests.</summary>
    Requests = 1,

    /// <summary>Tokens of prompts.</summary>
    InputTokens = 2,

    /// <summary>Tokens of answers.</summary>
    OutputTokens = 3,

    /// <summary>Both.</summary>
    TotalTokens = 4,

    /// <summary>Money. Unit: nano-USD (10^-9 USD), rounded up.</summary>
    CostUsd = 5,

    /// <summary>Calls that are under way at the same time. It has no window.</summary>
    InFlight = 6,
}

/// <summary>How metrics are spelled, and what they are counted in.</summary>
public static class QuotaMetrics
{
    /// <summary>The word for a metric, as documents and answers spell it.</summary>
    public static string ToWord(this QuotaMetric metric) => metric switch
    {
        QuotaMetric.Requests => "requests",
        QuotaMetric.InputTokens => "input_tokens",
        QuotaMetric.OutputTokens => "output_tokens",
        QuotaMetric.TotalTokens => "total_tokens",
        QuotaMetric.CostUsd => "cost_usd",
        QuotaMetric.InFlight => "in_flight",
        _ => "unspecified",
    };

    /// <summary>The unit of a metric's figures, as answers spell it.</summary>
    public static string ToUnit(this QuotaMetric metric) => metric switch
    {
        QuotaMetric.Requests => "requests",
        QuotaMetric.CostUsd => "nano_usd",
        QuotaMetric.InFlight => "calls",
        QuotaMetric.InputTokens or QuotaMetric.OutputTokens or QuotaMetric.TotalTokens => "tokens",
        _ => "unspecified",
    };

    /// <summary>The most a limit of the metric may be. Unit: see <see cref="ToUnit"/>.</summary>
    public static long MaxLimit(this QuotaMetric metric) => metric == QuotaMetric.CostUsd ? Limits.MoneyLimitMax : Limits.UnitsMax;

    /// <summary>Reads the word for a metric. Case-sensitive; false for any other word.</summary>
    public static bool TryParse(string word, out QuotaMetric metric)
    {
        metric = word switch
        {
            "requests" => QuotaMetric.Requests,
            "input_tokens" => QuotaMetric.InputTokens,
            "output_tokens" => QuotaMetric.OutputTokens,
            "total_tokens" => QuotaMetric.TotalTokens,
            "cost_usd" => QuotaMetric.CostUsd,
            "in_flight" => QuotaMetric.InFlight,
            _ => QuotaMetric.Unspecified,
        };
        return metric != QuotaMetric.Unspecified;
    }
}
