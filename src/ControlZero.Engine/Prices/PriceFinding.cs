namespace ControlZero.Engine.Prices;

/// <summary>Something a price file says that cannot be used.</summary>
/// <param name="Model">The entry. Empty: the file as a whole.</param>
/// <param name="Message">What is wrong with it.</param>
/// <param name="Remedy">What to do.</param>
public sealed record PriceFinding(string Model, string Message, string Remedy)
{
    /// <inheritdoc/>
    public override string ToString() => Model.Length == 0 ? $"{Message}; {Remedy}" : $"{Model}: {Message}; {Remedy}";
}

/// <summary>The formats of price files.</summary>
public enum PriceFormat
{
    /// <summary>None that is known.</summary>
    Unspecified = 0,

    /// <summary>The project's own: whole micro-USD per million tokens by model.</summary>
    ControlZero = 1,

    /// <summary>LiteLLM's <c>model_prices_and_context_window.json</c>: dollars per token.</summary>
    LiteLlm = 2,

    /// <summary>models.dev, whole or one provider of it: dollars per million tokens.</summary>
    ModelsDev = 3,
}

/// <summary>What reading a price file came to.</summary>
/// <param name="Table">The prices. Null: the file cannot be used at all.</param>
/// <param name="Format">The format it is in.</param>
/// <param name="Findings">What is wrong with it. Entries that are wrong are not in the table: their models have no price.</param>
/// <param name="Skipped">Entries without a price per token: pictures, speech, plans.</param>
public sealed record PriceReadResult(PriceTable? Table, PriceFormat Format, IReadOnlyList<PriceFinding> Findings, int Skipped);
