using System.Text.Json;
using ControlZero.Engine.Context;

namespace ControlZero.Cli.Cases;

/// <summary>JSON as the engine's values.</summary>
internal static class ContextJson
{
    public static ContextValue ToValue(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => ContextValue.Of([.. element.EnumerateObject().Select(field => new ContextField(field.Name, ToValue(field.Value)))]),
        JsonValueKind.Array => ContextValue.List([.. element.EnumerateArray().Select(ToValue)]),
        JsonValueKind.String => ContextValue.Of(element.GetString()!),
        JsonValueKind.Number => ContextValue.Of(element.GetDouble()),
        JsonValueKind.True => ContextValue.True,
        JsonValueKind.False => ContextValue.False,
        _ => ContextValue.Null,
    };
}
