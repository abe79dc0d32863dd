using ControlZero.Engine.Prices;

namespace ControlZero.Engine.Quotas;

/// <summary>What a model's tokens cost. Unit: micro-USD per million tokens, which is a thousandth of a nano-USD a token.</summary>
/// <param name="Input">Tokens of prompts.</param>
/// <param name="Output">Tokens of answers.</param>
public readonly record struct ModelPrice(long Input, long Output)
{
    private const long PerNano = 1000;

    /// <summary>Tokens of prompts that the provider reads from its cache. Default: as others.</summary>
    public long CachedInput { get; init; } = Input;

    /// <summary>Tokens of prompts that the provider writes to its cache. Default: as others.</summary>
    public long CacheWrite { get; init; } = Input;

    /// <summary>Tokens of reasoning. Default: as others of answers.</summary>
    public long Reasoning { get; init; } = Output;

    /// <summary>
    /// What a call costs. Rounded up; at most <see cref="Limits.MoneyLimitMax"/> + 1, which no limit has room for. Unit: nano-USD.
    /// </summary>
    /// <param name="inputTokens">Tokens of its prompt.</param>
    /// <param name="outputTokens">Tokens of its answer.</param>
    public long Cost(long inputTokens, long outputTokens) => Nanos(((Int128)inputTokens * Input) + ((Int128)outputTokens * Output));

    /// <summary>What a call cost, by what it used. A part counts at most as its whole. Rounded up once, over all of it. Unit: nano-USD.</summary>
    public long Cost(in TokenCounts tokens)
    {
        var cached = Math.Clamp(tokens.CachedInput, 0, tokens.Input);
        var written = Math.Clamp(tokens.CacheWrite, 0, tokens.Input - cached);
        var reasoning = Math.Clamp(tokens.Reasoning, 0, tokens.Output);
        return Nanos(
            ((Int128)(tokens.Input - cached - written) * Input)
            + ((Int128)cached * CachedInput)
            + ((Int128)written * CacheWrite)
            + ((Int128)(tokens.Output - reasoning) * Output)
            + ((Int128)reasoning * Reasoning));
    }

    /// <summary>The most a call can cost, whatever of it is cached or reasoning: what is held for it before it is made. Unit: nano-USD.</summary>
    public long Ceiling(long inputTokens, long outputTokens) =>
        Nanos(((Int128)inputTokens * Math.Max(Input, Math.Max(CachedInput, CacheWrite))) + ((Int128)outputTokens * Math.Max(Output, Reasoning)));

    /// <summary>The dearer of two prices, figure by figure.</summary>
    public ModelPrice Max(ModelPrice other) => new(Math.Max(Input, other.Input), Math.Max(Output, other.Output))
    {
        CachedInput = Math.Max(CachedInput, other.CachedInput),
        CacheWrite = Math.Max(CacheWrite, other.CacheWrite),
        Reasoning = Math.Max(Reasoning, other.Reasoning),
    };

    private static long Nanos(Int128 thousandths) => (long)Int128.Min((thousandths + PerNano - 1) / PerNano, Limits.MoneyLimitMax + 1);
}
