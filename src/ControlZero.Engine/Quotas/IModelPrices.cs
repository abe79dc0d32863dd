using System.Collections.Immutable;
using ControlZero.Engine.Prices;

namespace ControlZero.Engine.Quotas;

/// <summary>What models cost.</summary>
public interface IModelPrices
{
    /// <summary>Every model whose price is known, by name.</summary>
    ImmutableArray<PricedModel> Models { get; }

    /// <summary>The price of a model. Null: it is not known.</summary>
    /// <param name="resource">The model as a resource, <c>model/…</c>.</param>
    PricedModel? Find(string resource);
}

/// <summary>No model has a price.</summary>
public sealed class NoModelPrices : IModelPrices
{
    /// <inheritdoc/>
    public ImmutableArray<PricedModel> Models => [];

    /// <inheritdoc/>
    public PricedModel? Find(string resource) => null;
}
