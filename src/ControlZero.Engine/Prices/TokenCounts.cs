namespace ControlZero.Engine.Prices;

/// <summary>Tokens of a call, by what they may cost.</summary>
/// <param name="Input">Tokens of the prompt, cached ones included.</param>
/// <param name="Output">Tokens of the answer, reasoning included.</param>
/// <param name="CachedInput">Of the prompt's, those read from the provider's cache.</param>
/// <param name="CacheWrite">Of the prompt's, those written to the provider's cache.</param>
/// <param name="Reasoning">Of the answer's, those of reasoning.</param>
public readonly record struct TokenCounts(long Input, long Output, long CachedInput = 0, long CacheWrite = 0, long Reasoning = 0);
