using ControlZero.Engine;
using ControlZero.Engine.Quotas;
using ControlZero.Engine.Requests;
using ControlZero.Protocol.V1;

namespace ControlZero.Server.Enforcement;

/// <summary>Figures of what calls are expected to use, and of what they used.</summary>
internal static class UsageMapping
{
    /// <summary>The faults of an estimate.</summary>
    public static IEnumerable<FieldFault> Check(Estimate estimate) => new[]
        {
            Check("estimate.input_tokens", estimate.HasInputTokens, estimate.InputTokens),
            Check("estimate.max_output_tokens", estimate.HasMaxOutputTokens, estimate.MaxOutputTokens),
            Check("estimate.cost_nanos_usd", estimate.HasCostNanosUsd, estimate.CostNanosUsd),
        }
        .OfType<FieldFault>();

    /// <summary>The faults of what a call used.</summary>
    public static IEnumerable<FieldFault> Check(Usage usage) => new[]
        {
            Check("usage.input_tokens", usage.HasInputTokens, usage.InputTokens),
            Check("usage.output_tokens", usage.HasOutputTokens, usage.OutputTokens),
            Check("usage.cost_nanos_usd", usage.HasCostNanosUsd, usage.CostNanosUsd),
            CheckPart("usage.cached_input_tokens", usage.HasCachedInputTokens, usage.CachedInputTokens, "usage.input_tokens", usage.InputTokens),
            CheckPart("usage.cache_write_tokens", usage.HasCacheWriteTokens, usage.CacheWriteTokens, "usage.input_tokens", usage.InputTokens),
            CheckPart("usage.reasoning_tokens", usage.HasReasoningTokens, usage.ReasoningTokens, "usage.output_tokens", usage.OutputTokens),
        }
        .OfType<FieldFault>();

    /// <summary>The estimate as the engine knows it.</summary>
    public static CallUsage ToDomain(Estimate estimate) => new(
        estimate.HasInputTokens ? estimate.InputTokens : null,
        estimate.HasMaxOutputTokens ? estimate.MaxOutputTokens : null,
        estimate.HasCostNanosUsd ? estimate.CostNanosUsd : null);

    /// <summary>What was used as the engine knows it. Zero is a figure; what is not set is not known.</summary>
    public static CallUsage ToDomain(Usage? usage) => usage is null ? CallUsage.Unknown : new CallUsage(
        usage.HasInputTokens ? usage.InputTokens : null,
        usage.HasOutputTokens ? usage.OutputTokens : null,
        usage.HasCostNanosUsd ? usage.CostNanosUsd : null,
        usage.HasCachedInputTokens ? usage.CachedInputTokens : null,
        usage.HasReasoningTokens ? usage.ReasoningTokens : null,
        usage.HasCacheWriteTokens ? usage.CacheWriteTokens : null);

    private static FieldFault? Check(string field, bool isSet, long value) => !isSet || value is >= 0 and <= Limits.UnitsMax
        ? null
        : new FieldFault(
            field, FaultCodes.NumberRange, $"{field} is {value}", $"send 0 to {Limits.UnitsMax}, or leave it out where it is not known", Limits.UnitsMax, value);

    private static FieldFault? CheckPart(string field, bool isSet, long value, string wholeField, long whole) =>
        !isSet || (value >= 0 && value <= whole)
            ? null
            : new FieldFault(field, FaultCodes.NumberRange, $"{field} is {value}", $"send 0 to {wholeField}, of which it is a part", whole, value);
}
