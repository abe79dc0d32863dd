using System.Globalization;
using ControlZero.Engine.Context;

namespace ControlZero.Engine.Evaluation.Conditions;

/// <summary>Whether a key leads to a value.</summary>
internal enum FactState
{
    /// <summary>The key leads nowhere.</summary>
    Missing,

    /// <summary>The key leads to one value.</summary>
    Known,

    /// <summary>The key leads to two values that differ.</summary>
    Contradictory,
}

/// <summary>What a condition's key leads to. A plain text or number needs no <see cref="ContextValue"/> around it, so that none is made.</summary>
internal readonly struct Fact
{
    /// <summary>Longest text of a number, with room to spare. Unit: characters.</summary>
    public const int NumberMaxLength = 32;

    private readonly ContextValue? _value;
    private readonly string? _text;
    private readonly double _number;

    private Fact(FactState state, ContextValue? value, string? text, double number = 0)
    {
        State = state;
        _value = value;
        _text = text;
        _number = number;
    }

    public static Fact Missing => default;

    public static Fact Contradictory => new(FactState.Contradictory, null, null);

    public FactState State { get; }

    /// <summary>What kind of value it is; only for a known fact.</summary>
    public ContextKind Kind => _text is not null ? ContextKind.Text : _value?.Kind ?? ContextKind.Number;

    /// <summary>The number; only for a number.</summary>
    public double Number => _value?.Number ?? _number;

    /// <summary>The items; only for a list.</summary>
    public ReadOnlySpan<ContextValue> Items => _value!.Items.AsSpan();

    /// <summary>True for a text, a number and a truth value.</summary>
    public bool IsScalar => Kind is ContextKind.Text or ContextKind.Number or ContextKind.Boolean;

    public static Fact Of(string? text) => text is null ? Missing : new(FactState.Known, null, text);

    public static Fact Of(double? number) => number is { } known ? new(FactState.Known, null, null, known) : Missing;

    public static Fact Of(ContextValue? value) => value is null ? Missing : new(FactState.Known, value, null);

    /// <summary>A scalar as <see cref="ContextValue.AsText"/> spells it, without an allocation. The buffer holds <see cref="NumberMaxLength"/>.</summary>
    public ReadOnlySpan<char> AsText(Span<char> buffer)
    {
        if (Kind != ContextKind.Number)
        {
            return _text ?? _value!.AsText();
        }

        Number.TryFormat(buffer, out var length, "R", CultureInfo.InvariantCulture);
        return buffer[..length];
    }
}
