using System.Text.Json;
using ControlZero.Protocol.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Server.Tests.Policies;

/// <summary>The conformance vectors, and what they ask in messages.</summary>
internal static class PolicyVectors
{
    public static IEnumerable<JsonElement> Read() =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "conformance", "policy-vectors.json"))).RootElement.EnumerateArray();

    public static JsonElement Find(string name) => Read().Single(vector => vector.GetProperty("name").GetString() == name);

    public static IEnumerable<string> Documents(JsonElement vector) =>
        vector.GetProperty("policies").EnumerateArray().Select(policy => policy.GetRawText());

    public static EnforceRequest Request(JsonElement vector)
    {
        var asked = vector.GetProperty("request");
        return new EnforceRequest
        {
            AgentId = asked.GetProperty("agent").GetString()!,
            Action = asked.GetProperty("action").GetString()!,
            Resource = asked.GetProperty("resource").GetString() ?? "",
            Context = JsonParser.Default.Parse<Struct>(asked.GetProperty("context").GetRawText()),
        };
    }

    public static string DefaultOnEmpty(JsonElement vector) =>
        vector.TryGetProperty("settings", out var settings) ? settings.GetProperty("default_on_empty").GetString()! : "";
}
