using System.Text.Json;
using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Prices;

/// <summary>
/// Collects the prices of a file by the names models go by. A name that is an entry's own goes before one that is made of it; of two prices
/// with the same claim the dearer one stands, so that a limit is reached too early rather than too late.
/// </summary>
internal sealed class PriceCollector
{
    // A thousand times what the dearest models cost: a price beyond has its unit wrong. Unit: micro-USD per million tokens.
    private const long MaxPrice = 10_000_000_000;

    private readonly Dictionary<string, (PricedModel Model, bool IsOwnName)> _models = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<PriceFinding> _findings = [];

    /// <summary>What was wrong.</summary>
    public IReadOnlyList<PriceFinding> Findings => _findings;

    /// <summary>How many entries have no price per token.</summary>
    public int Skipped { get; set; }

    /// <summary>Whether two entries with one name and different prices are a mistake. Default: they are.</summary>
    public bool NotesTwins { get; init; } = true;

    /// <summary>The prices.</summary>
    public IEnumerable<PricedModel> Models => _models.Values.Select(entry => entry.Model);

    /// <summary>Notes what cannot be used.</summary>
    public void Refuse(string model, string message, string remedy) => _findings.Add(new PriceFinding(Quoted.Bare(model), message, remedy));

    /// <summary>Adds a price under a name of the entry's own.</summary>
    public void Add(string name, ModelPrice price, LongPromptPrice? longPrompt) => Add(name, price, longPrompt, isOwnName: true);

    /// <summary>Adds a price under another name that people use.</summary>
    public void AddAlias(string name, ModelPrice price, LongPromptPrice? longPrompt) => Add(name, price, longPrompt, isOwnName: false);

    /// <summary>Reads a price in dollars, or whole micro-dollars. Null: there is none, or it is noted and <paramref name="isRefused"/>.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="model">Its name.</param>
    /// <param name="field">The field.</param>
    /// <param name="power">Ten to this makes micro-USD per million tokens of it.</param>
    /// <param name="isRefused">Set when it cannot be used.</param>
    public long? Price(JsonElement entry, string model, string field, int power, ref bool isRefused)
    {
        if (!entry.TryGetProperty(field, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Number)
        {
            return Refused(model, $"`{field}` is no number", "write a number", ref isRefused);
        }

        var text = value.GetRawText();
        if (!ExactDecimal.TryScale(text, power, out var micros) || micros.Value > MaxPrice)
        {
            return Refused(model, $"`{field}` is {Quoted.Text(text)}, more than 10000 dollars per million tokens", "look whether its unit is right", ref isRefused);
        }

        if (micros.Value < 0)
        {
            return Refused(model, $"`{field}` is {Quoted.Text(text)}, less than nothing", "write 0 or more", ref isRefused);
        }

        return power > 0 || micros.IsExact
            ? micros.Value
            : Refused(model, $"`{field}` is {Quoted.Text(text)}, no whole number", "write micro-USD per million tokens: 2500000 is 2.50 dollars", ref isRefused);
    }

    private long? Refused(string model, string message, string remedy, ref bool isRefused)
    {
        Refuse(model, message, remedy);
        isRefused = true;
        return null;
    }

    private void Add(string name, ModelPrice price, LongPromptPrice? longPrompt, bool isOwnName)
    {
        if (name.Length == 0 || name.StartsWith("model/", StringComparison.OrdinalIgnoreCase))
        {
            Refuse(name, "no model has this name", "write it as providers do, without `model/`");
            return;
        }

        var model = new PricedModel(name, price) { LongPrompt = longPrompt };
        if (_models.TryGetValue(name, out var known) && known.IsOwnName == isOwnName)
        {
            model = Dearer(known.Model, model);
            if (isOwnName && NotesTwins && model != known.Model)
            {
                Refuse(name, "two entries have this name and different prices", "the dearer figures are used; remove one of the two");
            }
        }
        else if (known.IsOwnName)
        {
            return;
        }

        _models[name] = (model, isOwnName);
    }

    private static PricedModel Dearer(PricedModel one, PricedModel other)
    {
        var over = Math.Min(one.LongPrompt?.Over ?? long.MaxValue, other.LongPrompt?.Over ?? long.MaxValue);
        return one with
        {
            Price = one.Price.Max(other.Price),
            LongPrompt = over == long.MaxValue ? null : new LongPromptPrice(over, (one.LongPrompt?.Price ?? one.Price).Max(other.LongPrompt?.Price ?? other.Price)),
        };
    }
}
