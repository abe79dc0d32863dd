using System.Collections;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Client.Enforcement;

/// <summary>Maps the program's dictionaries to protobuf structs and back.</summary>
internal static class ContextMapping
{
    /// <summary>The deepest nesting that can be sent. The server's own limit is lower; this one stops a dictionary that holds itself.</summary>
    private const int MaxDepth = 32;

    /// <summary>The context as a struct. Throws <see cref="ArgumentException"/>, naming the key, for a value that has no form there.</summary>
    public static Struct ToStruct(IReadOnlyDictionary<string, object?> context, string path) => ToStruct(context, path, 1);

    /// <summary>A struct as dictionaries and lists.</summary>
    public static IReadOnlyDictionary<string, object?> ToDictionary(Struct? source) =>
        source is null ? new Dictionary<string, object?>() : source.Fields.ToDictionary(field => field.Key, field => ToObject(field.Value));

    private static Struct ToStruct(IEnumerable<KeyValuePair<string, object?>> fields, string path, int depth)
    {
        if (depth > MaxDepth)
        {
            throw Refused(path, $"it is nested more than {MaxDepth} levels deep, or holds itself; send a flatter value");
        }

        var result = new Struct();
        foreach (var (key, value) in fields)
        {
            result.Fields[key] = ToValue(value, $"{path}.{key}", depth);
        }

        return result;
    }

    private static Value ToValue(object? value, string path, int depth) => value switch
    {
        null => Value.ForNull(),
        string text => Value.ForString(text),
        bool truth => Value.ForBool(truth),
        double or float or decimal or Half => Value.ForNumber(Finite(Convert(value), path)),
        sbyte or byte or short or ushort or int or uint => Value.ForNumber(Convert(value)),
        long number => Value.ForNumber(Exact(number, path)),
        ulong number => Value.ForNumber(Exact(number, path)),
        IEnumerable<KeyValuePair<string, object?>> nested => Value.ForStruct(ToStruct(nested, path, depth + 1)),
        IDictionary => throw Refused(path, $"a dictionary of type `{value.GetType().Name}` cannot be sent; use a dictionary of string to object"),
        IEnumerable items when IsList(items) => ToList(items, path, depth + 1),
        _ => throw Refused(path, $"a value of type `{value.GetType().Name}` cannot be sent; use text, a truth value, a number, null, a dictionary or a list"),
    };

    private static bool IsList(IEnumerable items) => items is ICollection || items.GetType().GetInterfaces().Any(IsGenericList);

    private static bool IsGenericList(System.Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyCollection<>);

    private static Value ToList(IEnumerable items, string path, int depth)
    {
        if (depth > MaxDepth)
        {
            throw Refused(path, $"it is nested more than {MaxDepth} levels deep, or holds itself; send a flatter value");
        }

        var values = new List<Value>();
        foreach (var item in items)
        {
            values.Add(ToValue(item, $"{path}[{values.Count}]", depth));
        }

        return Value.ForList([.. values]);
    }

    private static double Convert(object number) =>
        number is Half half ? (double)half : System.Convert.ToDouble(number, System.Globalization.CultureInfo.InvariantCulture);

    private static double Finite(double number, string path) =>
        double.IsFinite(number) ? number : throw Refused(path, $"`{number}` is not a finite number; leave it out or send text");

    /// <summary>A whole number as it is. A condition must not be held against one that changed on the way: beyond 2^53 a double skips some.</summary>
    private static double Exact(decimal number, string path) =>
        Math.Abs(number) <= 1L << 53 ? (double)number : throw Refused(path, $"`{number}` is beyond 2^53 and would be rounded; send it as text");

    private static ArgumentException Refused(string path, string why) => new($"`{path}`: {why}");

    private static object? ToObject(Value value) => value.KindCase switch
    {
        Value.KindOneofCase.StringValue => value.StringValue,
        Value.KindOneofCase.BoolValue => value.BoolValue,
        Value.KindOneofCase.NumberValue => value.NumberValue,
        Value.KindOneofCase.StructValue => ToDictionary(value.StructValue),
        Value.KindOneofCase.ListValue => value.ListValue.Values.Select(ToObject).ToList(),
        _ => null,
    };
}
