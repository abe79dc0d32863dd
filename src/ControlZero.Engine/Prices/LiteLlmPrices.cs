using System.Globalization;
using System.Text.Json;
using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Prices;

/// <summary>
/// LiteLLM's <c>model_prices_and_context_window.json</c>: an object by model, dollars per token. <c>openrouter/x</c> is also found as <c>x</c>,
/// and a name without a slash also behind its provider.
/// </summary>
internal static class LiteLlmPrices
{
    // A dollar a token is 10^12 micro-dollars per million.
    private const int Power = 12;
    private const string Sample = "sample_spec";
    private const string OpenRouter = "openrouter/";
    private const string InputField = "input_cost_per_token";
    private const string OutputField = "output_cost_per_token";

    /// <summary>Reads it. False: it is something else.</summary>
    public static bool TryRead(JsonElement root, PriceCollector collector)
    {
        if (!root.EnumerateObject().Any(field => field.Value.ValueKind == JsonValueKind.Object
            && (field.Value.TryGetProperty(InputField, out _) || field.Value.TryGetProperty("litellm_provider", out _))))
        {
            return false;
        }

        foreach (var field in root.EnumerateObject().Where(field => field.Name != Sample))
        {
            Add(field.Name, field.Value, collector);
        }

        return true;
    }

    private static void Add(string name, JsonElement entry, PriceCollector collector)
    {
        if (entry.ValueKind != JsonValueKind.Object)
        {
            collector.Refuse(name, "the entry is no object", "remove it");
            return;
        }

        var isRefused = false;
        if (Read(entry, name, "", null, collector, ref isRefused) is not { } price)
        {
            collector.Skipped += isRefused ? 0 : 1;
            return;
        }

        var longPrompt = ReadLongPrompt(entry, name, price, collector, ref isRefused);
        if (isRefused)
        {
            return;
        }

        collector.Add(name, price, longPrompt);
        if (name.StartsWith(OpenRouter, StringComparison.OrdinalIgnoreCase))
        {
            collector.AddAlias(name[OpenRouter.Length..], price, longPrompt);
        }
        else if (!name.Contains('/', StringComparison.Ordinal) && entry.TryGetProperty("litellm_provider", out var provider)
            && provider.ValueKind == JsonValueKind.String)
        {
            collector.AddAlias($"{provider.GetString()}/{name}", price, longPrompt);
        }
    }

    // The lowest step up counts for all that is longer: `…_above_128k_tokens`.
    private static LongPromptPrice? ReadLongPrompt(JsonElement entry, string name, ModelPrice usual, PriceCollector collector, ref bool isRefused)
    {
        const string begin = InputField + "_above_";
        const string end = "k_tokens";
        var step = long.MaxValue;
        foreach (var field in entry.EnumerateObject())
        {
            if (field.Name.StartsWith(begin, StringComparison.Ordinal) && field.Name.EndsWith(end, StringComparison.Ordinal)
                && int.TryParse(field.Name.AsSpan()[begin.Length..^end.Length], NumberStyles.None, CultureInfo.InvariantCulture, out var thousands))
            {
                step = Math.Min(step, thousands);
            }
        }

        if (step == long.MaxValue)
        {
            return null;
        }

        var price = Read(entry, name, string.Create(CultureInfo.InvariantCulture, $"_above_{step}k_tokens"), usual, collector, ref isRefused);
        return price is { } beyond ? new LongPromptPrice(step * 1000, beyond) : null;
    }

    private static ModelPrice? Read(JsonElement entry, string name, string suffix, ModelPrice? usual, PriceCollector collector, ref bool isRefused)
    {
        var input = collector.Price(entry, name, InputField + suffix, Power, ref isRefused) ?? usual?.Input;
        var output = collector.Price(entry, name, OutputField + suffix, Power, ref isRefused) ?? usual?.Output;
        var cached = collector.Price(entry, name, "cache_read_input_token_cost" + suffix, Power, ref isRefused);
        var write = collector.Price(entry, name, "cache_creation_input_token_cost" + suffix, Power, ref isRefused);
        var reasoning = collector.Price(entry, name, "output_cost_per_reasoning_token" + suffix, Power, ref isRefused);
        if (isRefused || (input is null && output is null))
        {
            return null;
        }

        // Embedding models have a price for prompts alone.
        return new ModelPrice(input ?? 0, output ?? 0)
        {
            CachedInput = cached ?? input ?? 0,
            CacheWrite = write ?? input ?? 0,
            Reasoning = reasoning ?? output ?? 0,
        };
    }
}
