using System.Runtime.CompilerServices;

namespace ControlZero.Engine.Matching;

/// <summary>Reads text by code point, and folds the case of ASCII letters. A lone surrogate is a code point of its own.</summary>
internal static class CodePoints
{
    /// <summary>The largest code point there is.</summary>
    public const int Max = 0x10FFFF;

    /// <summary>The code point at <paramref name="position"/>, which is moved behind it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Read(ReadOnlySpan<char> text, ref int position)
    {
        var unit = text[position++];
        if (char.IsHighSurrogate(unit) && position < text.Length && char.IsLowSurrogate(text[position]))
        {
            return char.ConvertToUtf32(unit, text[position++]);
        }

        return unit;
    }

    /// <summary>The same letter in the other case, or the code point itself where it is no ASCII letter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int OtherAsciiCase(int codePoint) =>
        (uint)((codePoint | 0x20) - 'a') <= 'z' - 'a' ? codePoint ^ 0x20 : codePoint;

    /// <summary>The code point with an ASCII letter in lower case.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int FoldAsciiCase(int codePoint) =>
        (uint)(codePoint - 'A') <= 'Z' - 'A' ? codePoint | 0x20 : codePoint;

    /// <summary>True when the texts differ in nothing but the case of ASCII letters.</summary>
    public static bool EqualIgnoringAsciiCase(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        if (left.Length != right.Length)
        {
            return false;
        }

        for (var i = left.CommonPrefixLength(right); i < left.Length; i++)
        {
            if (FoldAsciiCase(left[i]) != FoldAsciiCase(right[i]))
            {
                return false;
            }
        }

        return true;
    }
}
