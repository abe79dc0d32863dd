using System.Collections;
using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using ControlZero.Engine.Context;

namespace ControlZero.Grains.Tests.Messages;

/// <summary>
/// Messages with every numbered member filled, each with a value of its own, and what they hold as lines of text. Made from their types alone, so that
/// none is forgotten.
/// </summary>
internal sealed class MessageSample
{
    private static readonly DateTimeOffset Begin = new(2026, 11, 27, 0, 0, 0, TimeSpan.Zero);
    private int _next;

    /// <summary>Every message that a grain of ours or a service of a silo takes or answers with, and what those are made of.</summary>
    public static IEnumerable<Type> Types
    {
        get
        {
            var found = new HashSet<Type>();
            var signatures = new[] { typeof(Abstractions.Tenants.ITenantGrain), typeof(Grains.Tenants.TenantState) }
                .SelectMany(type => type.Assembly.GetTypes())
                .Where(type => type.IsInterface && typeof(IAddressable).IsAssignableFrom(type))
                .SelectMany(type => type.GetMethods())
                .SelectMany(method => method.GetParameters().Select(parameter => parameter.ParameterType).Append(method.ReturnType));
            foreach (var type in signatures)
            {
                Collect(type, found);
            }

            return found.OrderBy(AliasOf, StringComparer.Ordinal);
        }
    }

    public static string AliasOf(Type type) => type.GetCustomAttribute<AliasAttribute>()!.Alias;

    /// <summary>A message of that type.</summary>
    public static object Of(Type type) => new MessageSample().Fill(type);

    /// <summary>What a message holds, a line a value: <c>Silos[0]=s1</c>.</summary>
    public static IReadOnlyList<string> Describe(object message)
    {
        var lines = new List<string>();
        Describe("", message, lines);
        return lines;
    }

    private static void Collect(Type type, HashSet<Type> found)
    {
        foreach (var argument in type.GetGenericArguments())
        {
            Collect(argument, found);
        }

        if (type.GetCustomAttribute<GenerateSerializerAttribute>() is not null && type.GetCustomAttribute<AliasAttribute>() is not null && found.Add(type))
        {
            Members(type).ForEach(member => Collect(member.Field.FieldType, found));
        }
    }

    private object Fill(Type type)
    {
        var message = RuntimeHelpers.GetUninitializedObject(type);
        foreach (var (_, field) in Members(type))
        {
            field.SetValue(message, Value(field.FieldType));
        }

        return message;
    }

    private object Value(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner)
        {
            return Value(inner);
        }

        if (type.IsEnum)
        {
            return Enum.GetValues(type).Cast<object>().Last();
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>))
        {
            var element = type.GetGenericArguments()[0];
            var array = Array.CreateInstance(element, 1);
            array.SetValue(Value(element), 0);
            return typeof(ImmutableArray).GetMethods().Single(method => method.Name == nameof(ImmutableArray.Create)
                    && method.GetParameters() is [{ ParameterType.IsArray: true }])
                .MakeGenericMethod(element).Invoke(null, [array])!;
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(List<>))
        {
            var list = (IList)Activator.CreateInstance(type)!;
            list.Add(Value(type.GetGenericArguments()[0]));
            return list;
        }

        var number = ++_next;
        return type switch
        {
            _ when type == typeof(string) => $"s{number}",
            _ when type == typeof(bool) => true,
            _ when type == typeof(int) => number,
            _ when type == typeof(long) => (long)number,
            _ when type == typeof(ulong) => (ulong)number,
            _ when type == typeof(double) => (double)number,
            _ when type == typeof(Guid) => new Guid(number, 0, 0, new byte[8]),
            _ when type == typeof(TimeSpan) => TimeSpan.FromSeconds(number),
            _ when type == typeof(DateTimeOffset) => Begin.AddSeconds(number),
            _ when type == typeof(byte[]) => new[] { (byte)number },
            _ when type == typeof(SiloAddress) => SiloAddress.FromParsableString($"10.0.0.{number}:11111@1"),
            _ when type == typeof(ContextValue) => ContextValue.Of($"c{number}"),
            _ when type == typeof(ImmutableSortedDictionary<string, string>) =>
                ImmutableSortedDictionary<string, string>.Empty.Add($"k{number}", $"v{number}"),
            _ when type.GetCustomAttribute<GenerateSerializerAttribute>() is not null => Fill(type),
            _ => throw new NotSupportedException($"no sample of {type}; add one here"),
        };
    }

    private static void Describe(string path, object? value, List<string> lines)
    {
        if (value is not null && Members(value.GetType()) is { Count: > 0 } members)
        {
            foreach (var (name, field) in members)
            {
                Describe(path.Length == 0 ? name : $"{path}.{name}", field.GetValue(value), lines);
            }

            return;
        }

        switch (value)
        {
            case IDictionary dictionary:
                lines.AddRange(dictionary.Keys.Cast<object>().Select(key => $"{path}[{key}]={dictionary[key]}"));
                break;
            case IEnumerable array when array.GetType().GetProperty("IsDefault")?.GetValue(array) is true:
                break; // a list that an earlier release did not have
            case IEnumerable items and not string:
                var index = 0;
                foreach (var item in items)
                {
                    Describe($"{path}[{index++}]", item, lines);
                }

                break;
            case null:
                lines.Add($"{path}=null");
                break;
            case IFormattable formattable:
                lines.Add($"{path}={formattable.ToString(null, CultureInfo.InvariantCulture)}");
                break;
            default:
                lines.Add($"{path}={value}");
                break;
        }
    }

    private static List<(string Name, FieldInfo Field)> Members(Type type) => type.GetCustomAttribute<GenerateSerializerAttribute>() is null
        ? []
        : [.. type.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(property => property.GetCustomAttribute<IdAttribute>() is not null)
            .Select(property => (property.Name, type.GetField($"<{property.Name}>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic)!))
            .Concat(type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
                .Where(field => field.GetCustomAttribute<IdAttribute>() is not null)
                .Select(field => (field.Name, field)))];
}
