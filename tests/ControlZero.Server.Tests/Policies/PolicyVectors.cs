using System.Text.Json;
using ControlZero.Protocol.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Server.Tests.Policies;

/// <summary>The conformance vectors, and what they ask in messages.</summary>
internal static class PolicyVectors
{
    private static readonly JsonElement[] Common = Parse("policy-vectors.json");

    private static readonly JsonElement[] Corners = Parse("corner-vectors.json");

    /// <summary>The vectors without the corners: for what each of them costs a tenant of its own.</summary>
    public static IEnumerable<JsonElement> Read() => Common;

    /// <summary>All of them.</summary>
    public static IEnumerable<JsonElement> ReadAll() => Common.Concat(Corners);

    public static JsonElement Find(string name) => ReadAll().Single(vector => vector.GetProperty("name").GetString() == name);

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

    private static JsonElement[] Parse(string file) =>
        [.. JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "conformance", file))).RootElement.EnumerateArray()];
}
