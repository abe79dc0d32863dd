using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Prices;

/// <summary>Reads price files of the formats people already have, and writes the project's own.</summary>
public static class PriceFile
{
    /// <summary>What the own format says its figures are.</summary>
    public const string Unit = "micro_usd_per_million_tokens";

    /// <summary>The longest file that is read. Unit: characters. LiteLLM's has about a million.</summary>
    public const int MaxLength = 16 * 1024 * 1024;

    private static readonly JsonWriterOptions Written = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads a file of any format; which one it is, it shows itself. Never throws: what is wrong is a finding.</summary>
    /// <param name="text">The file.</param>
    /// <param name="version">What to call it. Null: what it calls itself, else its digest.</param>
    public static PriceReadResult Read(string text, string? version = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > MaxLength)
        {
            return Unreadable($"the file has {text.Length} characters, more than {MaxLength}", "leave out what is no price");
        }

        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? Read(document.RootElement, version)
                : Unreadable("the file is no JSON object", Formats);
        }
        catch (JsonException exception)
        {
            return Unreadable($"the file is not JSON: line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1} of it cannot be read",
                "numbers like NaN are none in JSON");
        }
    }

    /// <summary>A table in the own format.</summary>
    public static string Write(PriceTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return Write(table.Version, table.Models);
    }

    /// <summary>The prices alone, in one spelling: what a digest is made of.</summary>
    internal static string WriteModels(IReadOnlyList<PricedModel> models) => Write(null, models);

    private const string Formats = "give one with `unit` and `models`, LiteLLM's `model_prices_and_context_window.json`, or models.dev's `api.json`";

    private static PriceReadResult Read(JsonElement root, string? version)
    {
        // Several providers of models.dev sell one model, and OpenRouter names it as they do.
        var collector = new PriceCollector { NotesTwins = root.TryGetProperty("unit", out _) || !ModelsDevPrices.IsFormat(root) };
        PriceFormat format;
        if (root.TryGetProperty("unit", out _))
        {
            format = PriceFormat.ControlZero;
            version ??= OwnPrices.Read(root, collector);
        }
        else if (ModelsDevPrices.TryRead(root, collector))
        {
            format = PriceFormat.ModelsDev;
        }
        else if (LiteLlmPrices.TryRead(root, collector))
        {
            format = PriceFormat.LiteLlm;
        }
        else
        {
            return Unreadable("the file is no price table of a known format", Formats);
        }

        return new PriceReadResult(new PriceTable(version, collector.Models), format, collector.Findings, collector.Skipped);
    }

    private static PriceReadResult Unreadable(string message, string remedy) =>
        new(null, PriceFormat.Unspecified, [new PriceFinding("", message, remedy)], 0);

    private static string Write(string? version, IReadOnlyList<PricedModel> models)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Written))
        {
            json.WriteStartObject();
            if (version is not null)
            {
                json.WriteString("version", version);
            }

            json.WriteString("unit", Unit);
            json.WriteStartObject("models");
            foreach (var model in models)
            {
                json.WriteStartObject(model.Name);
                Write(json, model.Price);
                if (model.LongPrompt is { } tier)
                {
                    json.WriteStartObject("long_prompt");
                    json.WriteNumber("over", tier.Over);
                    Write(json, tier.Price);
                    json.WriteEndObject();
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void Write(Utf8JsonWriter json, ModelPrice price)
    {
        json.WriteNumber("input", price.Input);
        json.WriteNumber("output", price.Output);
        WriteOther(json, "cached_input", price.CachedInput, price.Input);
        WriteOther(json, "cache_write", price.CacheWrite, price.Input);
        WriteOther(json, "reasoning", price.Reasoning, price.Output);
    }

    private static void WriteOther(Utf8JsonWriter json, string name, long figure, long usual)
    {
        if (figure != usual)
        {
            json.WriteNumber(name, figure);
        }
    }
}
