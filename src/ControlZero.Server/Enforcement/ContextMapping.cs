using ControlZero.Engine.Context;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Server.Enforcement;

/// <summary>Between protobuf's <c>Struct</c> and the engine's values.</summary>
internal static class ContextMapping
{
    public static ContextValue ToValue(Struct message) =>
        ContextValue.Of([.. message.Fields.Select(field => new ContextField(field.Key, ToValue(field.Value)))]);

    public static Struct ToStruct(ContextValue value)
    {
        var message = new Struct();
        foreach (var field in value.Fields)
        {
            message.Fields.Add(field.Name, ToMessage(field.Value));
        }

        return message;
    }

    private static ContextValue ToValue(Value? message) => message?.KindCase switch
    {
        Value.KindOneofCase.BoolValue => ContextValue.Of(message.BoolValue),
        Value.KindOneofCase.NumberValue => ContextValue.Of(message.NumberValue),
        Value.KindOneofCase.StringValue => ContextValue.Of(message.StringValue),
        Value.KindOneofCase.ListValue => ContextValue.List([.. message.ListValue.Values.Select(ToValue)]),
        Value.KindOneofCase.StructValue => ToValue(message.StructValue),
        _ => ContextValue.Null,
    };

    private static Value ToMessage(ContextValue value) => value.Kind switch
    {
        ContextKind.Boolean => Value.ForBool(value.Boolean),
        ContextKind.Number => Value.ForNumber(value.Number),
        ContextKind.Text => Value.ForString(value.Text),
        ContextKind.List => Value.ForList([.. value.Items.Select(ToMessage)]),
        ContextKind.Object => Value.ForStruct(ToStruct(value)),
        _ => Value.ForNull(),
    };
}
