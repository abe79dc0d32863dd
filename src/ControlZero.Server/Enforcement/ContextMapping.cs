using ControlZero.Engine;
using ControlZero.Engine.Context;
using ControlZero.Engine.Requests;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Server.Enforcement;

/// <summary>Between protobuf's <c>Struct</c> and the engine's values.</summary>
internal static class ContextMapping
{
    /// <summary>Counts a context before it is copied: a message has room for a hundred thousand entries. Null: it has no more than it may.</summary>
    public static FieldFault? CheckEntries(Struct? message)
    {
        var entries = message is null ? 0 : Entries(message);
        return entries <= Limits.ContextMaxEntries ? null : new FieldFault(
            "context",
            FaultCodes.ContextTooMany,
            $"context has {entries} entries, more than {Limits.ContextMaxEntries}",
            $"send at most {Limits.ContextMaxEntries} entries",
            Limits.ContextMaxEntries,
            entries);
    }

    /// <summary>A request's context.</summary>
    public static ContextValue ToValue(Struct message) =>
        ContextValue.Of([.. message.Fields.Select(field => new ContextField(field.Key, ToAny(field.Value)))]);

    public static Struct ToStruct(ContextValue value)
    {
        var message = new Struct();
        foreach (var field in value.Fields)
        {
            message.Fields.Add(field.Name, ToMessage(field.Value));
        }

        return message;
    }

    private static long Entries(Struct message)
    {
        long entries = message.Fields.Count;
        if (entries == 0)
        {
            return 0;
        }

        foreach (var field in message.Fields)
        {
            entries += Entries(field.Value);
        }

        return entries;
    }

    private static long Entries(Value? message)
    {
        if (message?.KindCase is Value.KindOneofCase.StructValue)
        {
            return Entries(message.StructValue);
        }

        long entries = 0;
        if (message?.KindCase is Value.KindOneofCase.ListValue)
        {
            entries = message.ListValue.Values.Count;
            foreach (var item in message.ListValue.Values)
            {
                entries += Entries(item);
            }
        }

        return entries;
    }

    private static ContextValue ToAny(Value? message) => message?.KindCase switch
    {
        Value.KindOneofCase.BoolValue => ContextValue.Of(message.BoolValue),
        Value.KindOneofCase.NumberValue => ContextValue.Of(message.NumberValue),
        Value.KindOneofCase.StringValue => ContextValue.Of(message.StringValue),
        Value.KindOneofCase.ListValue => ContextValue.List([.. message.ListValue.Values.Select(ToAny)]),
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
