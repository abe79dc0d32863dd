namespace ControlZero.Engine.Quotas;

/// <summary>What a model's tokens cost. Unit: micro-USD per million tokens, which is a thousandth of a nano-USD a token.</summary>
/// <param name="Input">Tokens of prompts.</param>
/// <param name="Output">Tokens of answers.</param>
public readonly record struct ModelPrice(long Input, long Output)
{
    private const long PerNano = 1000;

    /// <summary>
    /// What a call costs. Rounded up; at most <see cref="Limits.UnitsMax"/> + 1, which no limit has room for. Unit: nano-USD.
    /// </summary>
    /// <param name="inputTokens">Tokens of its prompt.</param>
    /// <param name="outputTokens">Tokens of its answer.</param>
    public long Cost(long inputTokens, long outputTokens)
    {
        var thousandths = ((Int128)inputTokens * Input) + ((Int128)outputTokens * Output);
        return (long)Int128.Min((thousandths + PerNano - 1) / PerNano, Limits.UnitsMax + 1);
    }
}
