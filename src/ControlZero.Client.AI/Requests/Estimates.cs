using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace ControlZero.Client.AI.Requests;

/// <summary>
/// What a request will use at most, without a tokenizer: a token for every three bytes, rather too many than too few; and the bound it sets for
/// its answer. A request without a bound says nothing of its answer: nobody knows how long it gets.
/// </summary>
internal static class Estimates
{
    /// <summary>What an inlined file or picture counts for: its text is no measure of its tokens.</summary>
    private const long InlinedFileTokens = 1_500;

    /// <summary>Bytes of UTF-8 a token has at least, roughly: English has four, other languages and code have fewer.</summary>
    private const long BytesPerToken = 3;

    /// <summary>Where requests of providers say how long an answer may be.</summary>
    private static readonly string[] OutputBounds = ["max_completion_tokens", "max_tokens", "max_output_tokens"];

    /// <summary>The estimate of a chat request.</summary>
    /// <param name="messages">What is sent.</param>
    /// <param name="options">The common options. Null: none.</param>
    /// <param name="raw">The provider's own request object as JSON. Null: there is none, or it cannot be read.</param>
    public static EnforceEstimate OfChat(IEnumerable<ChatMessage> messages, ChatOptions? options, JsonElement? raw)
    {
        var bytes = messages.Sum(message => BytesOf(message, message.Text)) + BytesOf(options?.Instructions ?? "");
        bytes += (options?.Tools ?? []).Sum(tool => BytesOf(tool.Name) + BytesOf(tool.Description) + (tool is AIFunctionDeclaration function ? BytesOf(function.JsonSchema) : 0));
        bytes += options?.ResponseFormat is ChatResponseFormatJson { Schema: { } schema } ? BytesOf(schema) : 0;
        bytes += raw is { } fields ? BytesOf(fields) : 0;
        return new() { InputTokens = Tokens(bytes), MaxOutputTokens = Bound(options?.MaxOutputTokens, raw) };
    }

    /// <summary>The estimate of a request as it is sent.</summary>
    /// <param name="request">Its body.</param>
    /// <param name="embeds">Whether it is an embedding request, which has no answer of tokens.</param>
    public static EnforceEstimate OfRequest(JsonElement request, bool embeds) =>
        new() { InputTokens = Tokens(BytesOf(request)), MaxOutputTokens = embeds ? 0 : Bound(null, request) };

    /// <summary>The estimate of an embedding request, which has no answer of tokens.</summary>
    public static EnforceEstimate OfEmbedding<TInput>(IEnumerable<TInput> values) =>
        new() { InputTokens = Tokens(values.Sum(value => value is string text ? BytesOf(text) : BytesOf(value, value?.ToString()))), MaxOutputTokens = 0 };

    /// <summary>The bound a request sets for its answers. Null: it sets none.</summary>
    private static long? Bound(long? common, JsonElement? raw)
    {
        long?[] bounds = [common is > 0 ? common : null, .. OutputBounds.Select(name => raw is { } request ? Whole(request, name) : null)];
        return bounds.Max() * (raw is { } counted ? Whole(counted, "n") ?? 1 : 1);
    }

    private static long Tokens(long bytes) => (bytes + BytesPerToken - 1) / BytesPerToken;

    /// <summary>The size of something as JSON; of what cannot be made into it, that of its text.</summary>
    private static long BytesOf<T>(T value, string? text)
    {
        try
        {
            return BytesOf(JsonSerializer.SerializeToElement(value, AIJsonUtilities.DefaultOptions));
        }
        catch (Exception error) when (error is NotSupportedException or JsonException or InvalidOperationException or ArgumentException)
        {
            return BytesOf(text ?? "");
        }
    }

    private static long BytesOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => BytesOf(value.GetString()!),
        JsonValueKind.Array => value.EnumerateArray().Sum(item => BytesOf(item) + 1),
        JsonValueKind.Object => value.EnumerateObject().Sum(field => field.Name.Length + BytesOf(field.Value) + 2),
        _ => 4,
    };

    private static long BytesOf(string text) =>
        text.StartsWith("data:", StringComparison.Ordinal) ? InlinedFileTokens * BytesPerToken : Encoding.UTF8.GetByteCount(text);

    /// <summary>A field that holds a whole number above zero. Null: it does not, or there is none.</summary>
    private static long? Whole(JsonElement request, string name) =>
        request.ValueKind == JsonValueKind.Object && request.TryGetProperty(name, out var field)
        && field.ValueKind == JsonValueKind.Number && field.TryGetInt32(out var number) && number > 0 ? number : null;
}
