using System.Globalization;

namespace ControlZero.Engine.Prices;

/// <summary>
/// Makes a whole number of a decimal one as it was written, without a binary fraction in between: a dollar has a billion nano-dollars, and
/// <c>0.1</c> has exactly a hundred million of them.
/// </summary>
internal static class ExactDecimal
{
    // What a `long` surely holds. Unit: digits.
    private const int MaxDigits = 18;

    // No text that is read here can have as many digits, so farther away means nothing else.
    private const int ExponentLimit = 100_000_000;

    /// <summary>Multiplies by a power of ten. False: the result has more digits than any figure here may.</summary>
    /// <param name="text">A number as JSON and YAML write them: <c>5.00</c>, <c>-3e-06</c>.</param>
    /// <param name="power">Which power of ten.</param>
    /// <param name="result">The whole number, and whether it is all.</param>
    public static bool TryScale(string text, int power, out ScaledNumber result)
    {
        var mantissaEnd = text.AsSpan().IndexOfAny('e', 'E') is var e and >= 0 ? e : text.Length;
        var exponent = mantissaEnd < text.Length ? ReadExponent(text.AsSpan(mantissaEnd + 1)) : 0;
        var isNegative = text.StartsWith('-');
        var mantissa = text[..mantissaEnd].TrimStart('+', '-');
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        exponent -= point < 0 ? 0 : mantissa.Length - point - 1;

        var written = mantissa.Replace(".", "", StringComparison.Ordinal).TrimStart('0');
        var digits = written.TrimEnd('0');
        var shift = (long)exponent + (written.Length - digits.Length) + power;
        result = default;
        if (digits.Length == 0)
        {
            result = new ScaledNumber(0, IsExact: true);
            return true;
        }

        if (digits.Length + shift > MaxDigits)
        {
            return false;
        }

        var whole = shift >= 0 ? digits + new string('0', (int)shift) : digits[..(int)Math.Max(0, digits.Length + shift)];
        var value = whole.Length == 0 ? 0 : long.Parse(whole, NumberStyles.None, CultureInfo.InvariantCulture);
        value += shift < 0 ? 1 : 0;
        result = new ScaledNumber(isNegative ? -value : value, shift >= 0);
        return true;
    }

    private static int ReadExponent(ReadOnlySpan<char> text)
    {
        var isNegative = text.StartsWith("-");
        var exponent = int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var read)
            ? Math.Clamp(read, -ExponentLimit, ExponentLimit)
            : ExponentLimit;
        return exponent == ExponentLimit && isNegative ? -ExponentLimit : exponent;
    }
}

/// <summary>A decimal number times a power of ten.</summary>
/// <param name="Value">The whole number; where there is a fraction, rounded away from zero: what costs is never made cheaper.</param>
/// <param name="IsExact">False: there is a fraction.</param>
internal readonly record struct ScaledNumber(long Value, bool IsExact);
