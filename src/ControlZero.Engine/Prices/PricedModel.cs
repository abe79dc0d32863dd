using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Prices;

/// <summary>One model of a price table. Immutable.</summary>
/// <param name="Name">Its name, without <c>model/</c>.</param>
/// <param name="Price">What its tokens cost.</param>
public sealed record PricedModel(string Name, ModelPrice Price)
{
    /// <summary>What they cost in calls whose prompt is longer than this. Null: the same.</summary>
    public LongPromptPrice? LongPrompt { get; init; }

    /// <summary>The price of a call, by the length of its prompt.</summary>
    public ModelPrice For(long inputTokens) => LongPrompt is { } tier && inputTokens > tier.Over ? tier.Price : Price;
}

/// <summary>Another price for calls with a long prompt; it holds for the whole call.</summary>
/// <param name="Over">The longest prompt that still has the usual price. Unit: tokens.</param>
/// <param name="Price">The price beyond.</param>
public sealed record LongPromptPrice(long Over, ModelPrice Price);
