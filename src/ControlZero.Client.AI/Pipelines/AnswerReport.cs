using System.Text.Json;

namespace ControlZero.Client.AI.Pipelines;

/// <summary>What an answer of a provider, or an event of a streamed one, says of itself.</summary>
/// <param name="Usage">What was used. Null: it does not say.</param>
/// <param name="Model">Which model answered. Null: it does not say.</param>
internal sealed record AnswerReport(CallUsage? Usage, string? Model)
{
    private const decimal NanosPerDollar = 1_000_000_000m;

    /// <summary>Reads OpenAI's forms, and Anthropic's, which counts cached tokens beside the others. What cannot be read says nothing.</summary>
    /// <param name="json">The answer or the event, as UTF-8.</param>
    /// <param name="embeds">Whether it answers an embedding request, which has no answer of tokens.</param>
    public static AnswerReport Read(ReadOnlyMemory<byte> json, bool embeds)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return new AnswerReport(null, null);
            }

            // An event may hold the whole answer.
            var inner = Object(root, "response") ?? Object(root, "message");
            return new AnswerReport(
                (Object(root, "usage") ?? (inner is { } held ? Object(held, "usage") : null)) is { } usage ? UsageOf(usage, embeds) : null,
                Text(root, "model") ?? (inner is { } whole ? Text(whole, "model") : null));
        }
        catch (JsonException)
        {
            return new AnswerReport(null, null);
        }
    }

    private static CallUsage UsageOf(JsonElement usage, bool embeds)
    {
        var (read, written) = (Count(usage, "cache_read_input_tokens"), Count(usage, "cache_creation_input_tokens"));
        var plain = Count(usage, "prompt_tokens") ?? Count(usage, "input_tokens");
        var input = plain is null ? null : plain + (read ?? 0) + (written ?? 0);
        var output = Count(usage, "completion_tokens") ?? Count(usage, "output_tokens") ?? (embeds ? 0 : null);
        return new CallUsage
        {
            InputTokens = input,
            OutputTokens = output,
            CachedInputTokens = Part(Detail(usage, ["prompt_tokens_details", "input_tokens_details"], "cached_tokens") ?? read, input),
            CacheWriteTokens = Part(Detail(usage, ["prompt_tokens_details", "input_tokens_details"], "cache_write_tokens") ?? written, input),
            ReasoningTokens = Part(Detail(usage, ["completion_tokens_details", "output_tokens_details"], "reasoning_tokens"), output),
            CostNanosUsd = CostOf(usage),
        };
    }

    /// <summary>OpenRouter says what it billed, in dollars.</summary>
    private static long? CostOf(JsonElement usage) =>
        usage.TryGetProperty("cost", out var cost) && cost.ValueKind == JsonValueKind.Number && cost.TryGetDecimal(out var dollars) && dollars is >= 0 and <= 1_000
            ? (long)decimal.Ceiling(dollars * NanosPerDollar) : null;

    private static long? Detail(JsonElement usage, string[] details, string name) =>
        details.Select(detail => Object(usage, detail) is { } parts ? Count(parts, name) : null).FirstOrDefault(figure => figure is not null);

    /// <summary>A part that is larger than the whole was counted beside it, and the cluster would refuse the whole report for it.</summary>
    private static long? Part(long? figure, long? whole) => figure <= whole ? figure : null;

    private static long? Count(JsonElement fields, string name) =>
        fields.TryGetProperty(name, out var field) && field.ValueKind == JsonValueKind.Number && field.TryGetInt64(out var figure) && figure >= 0 ? figure : null;

    private static JsonElement? Object(JsonElement fields, string name) =>
        fields.TryGetProperty(name, out var field) && field.ValueKind == JsonValueKind.Object ? field : null;

    private static string? Text(JsonElement fields, string name) =>
        fields.TryGetProperty(name, out var field) && field.ValueKind == JsonValueKind.String ? field.GetString() : null;
}
