namespace ControlZero.Engine.Quotas;

/// <summary>What a call is expected to use, or has used. Null: not known; zero is a figure.</summary>
/// <param name="InputTokens">Tokens of its prompt.</param>
/// <param name="OutputTokens">Tokens of its answer; of an estimate, the most it may have.</param>
/// <param name="CostNanos">Its price. Unit: nano-USD.</param>
/// <param name="CachedInputTokens">Of the prompt's tokens, those the provider read from its cache.</param>
/// <param name="ReasoningTokens">Of the answer's tokens, those of reasoning.</param>
/// <param name="CacheWriteTokens">Of the prompt's tokens, those the provider wrote to its cache.</param>
[Orleans.GenerateSerializer, Orleans.Immutable, Orleans.Alias("cz.CallUsage")]
public sealed record CallUsage(
    [property: Orleans.Id(0)] long? InputTokens = null,
    [property: Orleans.Id(1)] long? OutputTokens = null,
    [property: Orleans.Id(2)] long? CostNanos = null,
    [property: Orleans.Id(3)] long? CachedInputTokens = null,
    [property: Orleans.Id(4)] long? ReasoningTokens = null,
    [property: Orleans.Id(5)] long? CacheWriteTokens = null)
{
    /// <summary>Nothing is known.</summary>
    public static readonly CallUsage Unknown = new();
}
