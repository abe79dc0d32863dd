using System.Collections.Immutable;
using System.Globalization;
using Orleans;

namespace ControlZero.Engine.Context;

/// <summary>What kind of value a <see cref="ContextValue"/> holds.</summary>
public enum ContextKind
{
    /// <summary>An explicit null. It holds no value.</summary>
    Null = 0,

    /// <summary>A truth value.</summary>
    Boolean = 1,

    /// <summary>A double-precision number.</summary>
    Number = 2,

    /// <summary>A text.</summary>
    Text = 3,

    /// <summary>A list of values.</summary>
    List = 4,

    /// <summary>Named values.</summary>
    Object = 5,
}

/// <summary>An immutable JSON-like value: what a request's context is made of, and what conditions are held against.</summary>
[GenerateSerializer, Immutable, Alias("cz.ContextValue")]
public sealed record ContextValue
{
    /// <summary>The explicit null.</summary>
    public static ContextValue Null { get; } = new();

    /// <summary>True.</summary>
    public static ContextValue True { get; } = new() { Kind = ContextKind.Boolean, Boolean = true };

    /// <summary>False.</summary>
    public static ContextValue False { get; } = new() { Kind = ContextKind.Boolean };

    /// <summary>An object without fields.</summary>
    public static ContextValue Empty { get; } = Of([]);

    /// <summary>What kind of value this is.</summary>
    [Id(0)]
    public ContextKind Kind { get; private init; }

    /// <summary>The truth value. False for every other kind.</summary>
    [Id(1)]
    public bool Boolean { get; private init; }

    /// <summary>The number. 0 for every other kind.</summary>
    [Id(2)]
    public double Number { get; private init; }

    /// <summary>The text. Null for every other kind.</summary>
    [Id(3)]
    public string? Text { get; private init; }

    /// <summary>The items of a list. Empty for every other kind.</summary>
    [Id(4)]
    public ImmutableArray<ContextValue> Items { get; private init; } = [];

    /// <summary>The fields of an object, in the order they were given. Empty for every other kind.</summary>
    [Id(5)]
    public ImmutableArray<ContextField> Fields { get; private init; } = [];

    /// <summary>A text.</summary>
    public static ContextValue Of(string text) => new() { Kind = ContextKind.Text, Text = text };

    /// <summary>A number. Not a number and the infinities are numbers too; no comparison with the first holds.</summary>
    public static ContextValue Of(double number) => new() { Kind = ContextKind.Number, Number = number };

    /// <summary>A truth value.</summary>
    public static ContextValue Of(bool value) => value ? True : False;

    /// <summary>A list.</summary>
    public static ContextValue List(ImmutableArray<ContextValue> items) => new() { Kind = ContextKind.List, Items = items };

    /// <summary>An object.</summary>
    public static ContextValue Of(ImmutableArray<ContextField> fields) => new() { Kind = ContextKind.Object, Fields = fields };

    /// <summary>The field of that name, or null: there is none, or this is no object.</summary>
    public ContextValue? Find(ReadOnlySpan<char> name)
    {
        foreach (var field in Fields)
        {
            if (name.SequenceEqual(field.Name))
            {
                return field.Value;
            }
        }

        return null;
    }

    /// <summary>
    /// A scalar as text: the text itself, <c>true</c> or <c>false</c>, a number in its shortest form that reads back the same
    /// (<c>3</c>, <c>0.5</c>). Null for the other kinds.
    /// </summary>
    public string? AsText() => Kind switch
    {
        ContextKind.Text => Text,
        ContextKind.Boolean => Boolean ? "true" : "false",
        ContextKind.Number => Number.ToString("R", CultureInfo.InvariantCulture),
        _ => null,
    };
}

/// <summary>One named value of an object.</summary>
/// <param name="Name">Its name; case-sensitive.</param>
/// <param name="Value">Its value.</param>
[GenerateSerializer, Immutable, Alias("cz.ContextField")]
public readonly record struct ContextField([property: Id(0)] string Name, [property: Id(1)] ContextValue Value);
