using System.Text.Json.Nodes;

namespace ControlZero.Client.AI.Tests.Providers;

/// <summary>Answers as an OpenAI-compatible provider gives them.</summary>
internal static class ProviderAnswers
{
    public const string Text = "hello from the model";

    public static JsonObject Completion(JsonObject body, IReadOnlyList<string> calls) => new()
    {
        ["id"] = "chatcmpl-1",
        ["object"] = "chat.completion",
        ["created"] = 1_700_000_000,
        ["model"] = body["model"]?.DeepClone(),
        ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["finish_reason"] = calls.Count > 0 ? "tool_calls" : "stop", ["message"] = Message(calls) }),
        ["usage"] = new JsonObject { ["prompt_tokens"] = 3, ["completion_tokens"] = 4, ["total_tokens"] = 7 },
    };

    public static JsonObject Response(JsonObject body) => new()
    {
        ["id"] = "resp_1",
        ["object"] = "response",
        ["created_at"] = 1_700_000_000,
        ["status"] = "completed",
        ["model"] = body["model"]?.DeepClone(),
        ["parallel_tool_calls"] = true,
        ["tools"] = new JsonArray(),
        ["output"] = new JsonArray(new JsonObject
        {
            ["type"] = "message",
            ["id"] = "msg_1",
            ["role"] = "assistant",
            ["status"] = "completed",
            ["content"] = new JsonArray(new JsonObject { ["type"] = "output_text", ["text"] = Text, ["annotations"] = new JsonArray() }),
        }),
        ["usage"] = new JsonObject
        {
            ["input_tokens"] = 5,
            ["input_tokens_details"] = new JsonObject { ["cached_tokens"] = 2 },
            ["output_tokens"] = 6,
            ["output_tokens_details"] = new JsonObject { ["reasoning_tokens"] = 1 },
            ["total_tokens"] = 11,
        },
    };

    public static JsonObject Embeddings(JsonObject body) => new()
    {
        ["object"] = "list",
        ["model"] = body["model"]?.DeepClone(),
        ["data"] = new JsonArray(new JsonObject { ["object"] = "embedding", ["index"] = 0, ["embedding"] = Convert.ToBase64String(new byte[8]) }),
        ["usage"] = new JsonObject { ["prompt_tokens"] = 1, ["total_tokens"] = 1 },
    };

    /// <summary>The same answer as server-sent events: one that holds all of it, and the end.</summary>
    public static string AsStream(JsonObject answer) => answer["object"]!.GetValue<string>() == "response"
        ? $"event: response.completed\ndata: {new JsonObject { ["type"] = "response.completed", ["sequence_number"] = 0, ["response"] = answer }.ToJsonString()}\n\n"
        : $"data: {AsChunk(answer).ToJsonString()}\n\ndata: [DONE]\n\n";

    /// <summary>The first event of a streamed completion.</summary>
    public static string FirstEvent(JsonObject body) =>
        $"data: {new JsonObject
        {
            ["id"] = "chatcmpl-1",
            ["object"] = "chat.completion.chunk",
            ["created"] = 1_700_000_000,
            ["model"] = body["model"]?.DeepClone(),
            ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["delta"] = new JsonObject { ["role"] = "assistant", ["content"] = "one" } }),
        }.ToJsonString()}\n\n";

    private static JsonObject AsChunk(JsonObject completion)
    {
        var choice = completion["choices"]![0]!.AsObject();
        var delta = choice["message"]!.DeepClone();
        choice.Remove("message");
        choice["delta"] = delta;
        completion["object"] = "chat.completion.chunk";
        return completion;
    }

    private static JsonObject Message(IReadOnlyList<string> calls)
    {
        var message = new JsonObject { ["role"] = "assistant", ["content"] = calls.Count > 0 ? null : Text };
        if (calls.Count > 0)
        {
            message["tool_calls"] = new JsonArray([.. calls.Select(Call)]);
        }

        return message;
    }

    private static JsonNode Call(string name, int index) => new JsonObject
    {
        ["index"] = index,
        ["id"] = $"call_{index}",
        ["type"] = "function",
        ["function"] = new JsonObject { ["name"] = name, ["arguments"] = "{}" },
    };
}
