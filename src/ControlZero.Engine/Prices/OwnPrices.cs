using System.Text.Json;
using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Prices;

/// <summary>
/// The own format: <c>{"version": "…", "unit": "micro_usd_per_million_tokens", "models": {"openai/gpt-4o": {"input": 2500000, "output": 10000000}}}</c>,
/// with <c>cached_input</c>, <c>cache_write</c>, <c>reasoning</c> and <c>long_prompt: {over, input, output, …}</c> where they differ.
/// </summary>
internal static class OwnPrices
{
    private static readonly string[] Figures = ["input", "output", "cached_input", "cache_write", "reasoning"];

    /// <summary>Reads it, and says what it calls itself.</summary>
    public static string? Read(JsonElement root, PriceCollector collector)
    {
        var version = default(string);
        foreach (var field in root.EnumerateObject())
        {
            switch (field.Name)
            {
                case "version" when field.Value.ValueKind == JsonValueKind.String && field.Value.GetString() is { Length: <= 128 } text:
                    version = text;
                    break;
                case "unit" when field.Value.ValueKind == JsonValueKind.String && field.Value.GetString() == PriceFile.Unit:
                    break;
                case "models" when field.Value.ValueKind == JsonValueKind.Object:
                    foreach (var model in field.Value.EnumerateObject())
                    {
                        Add(model.Name, model.Value, collector);
                    }

                    break;
                default:
                    collector.Refuse("", $"`{field.Name}` is not known, or not what it must be",
                        $"write `version` (a text of at most 128 characters), `unit` ({PriceFile.Unit}) and `models` (an object)");
                    break;
            }
        }

        return version;
    }

    private static void Add(string name, JsonElement entry, PriceCollector collector)
    {
        if (entry.ValueKind != JsonValueKind.Object)
        {
            collector.Refuse(name, "the entry is no object", "write `{\"input\": …, \"output\": …}`");
            return;
        }

        var isRefused = false;
        foreach (var field in entry.EnumerateObject().Where(field => field.Name != "long_prompt" && !Figures.Contains(field.Name)))
        {
            collector.Refuse(name, $"`{field.Name}` is not known", "use `input`, `output`, `cached_input`, `cache_write`, `reasoning`, `long_prompt`");
            isRefused = true;
        }

        var price = ReadPrice(entry, name, collector, ref isRefused);
        var longPrompt = default(LongPromptPrice);
        if (entry.TryGetProperty("long_prompt", out var tier))
        {
            if (tier.ValueKind == JsonValueKind.Object && tier.TryGetProperty("over", out var over) && over.TryGetInt64Number(out var tokens) && tokens > 0)
            {
                longPrompt = ReadPrice(tier, name, collector, ref isRefused) is { } beyond ? new LongPromptPrice(tokens, beyond) : null;
            }
            else
            {
                collector.Refuse(name, "`long_prompt` is no object with `over`", "write how many tokens a prompt must be longer than, and the prices then");
                isRefused = true;
            }
        }

        if (!isRefused && price is { } known)
        {
            collector.Add(name, known, longPrompt);
        }
    }

    private static ModelPrice? ReadPrice(JsonElement entry, string name, PriceCollector collector, ref bool isRefused)
    {
        var figures = new long?[Figures.Length];
        for (var i = 0; i < Figures.Length; i++)
        {
            figures[i] = collector.Price(entry, name, Figures[i], power: 0, ref isRefused);
        }

        if (figures is not [{ } input, { } output, ..])
        {
            if (!isRefused)
            {
                collector.Refuse(name, "the entry has no `input` or no `output`", "write both; 0 is a price");
                isRefused = true;
            }

            return null;
        }

        return new ModelPrice(input, output)
        {
            CachedInput = figures[2] ?? input,
            CacheWrite = figures[3] ?? input,
            Reasoning = figures[4] ?? output,
        };
    }

    private static bool TryGetInt64Number(this JsonElement element, out long value)
    {
        value = 0;
        return element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out value);
    }
}
