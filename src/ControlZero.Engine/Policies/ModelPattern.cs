using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Matching;

namespace ControlZero.Engine.Policies;

/// <summary>Tells patterns over models that no model can match: a deny written so would be a lock that fits no door.</summary>
public static class ModelPattern
{
    private const string Prefix = "model/";
    // A `]` outside a class stands for itself.
    private const string RefusedInModels = " %\\]";

    private static readonly UInt128 InModels = ModelCharacters();

    /// <summary>Why no acceptable resource matches a well-formed pattern that begins <c>model/</c>, or null.</summary>
    public static string? WhyUnmatchable(string pattern)
    {
        if (!pattern.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        var segmentStart = Prefix.Length;
        for (var index = Prefix.Length; index < pattern.Length; index++)
        {
            var character = pattern[index];
            if (character == '[')
            {
                if (!GlobSyntax.ClassHasAny(pattern, index, InModels, out var end))
                {
                    return $"{Quoted.Text(pattern.AsSpan(index..end))} stands for no character of a model";
                }

                index = end - 1;
            }
            else if (character is < '!' or > '~' || RefusedInModels.Contains(character, StringComparison.Ordinal))
            {
                return $"it has the character {VisibleText.CodePointAt(pattern, index)}";
            }
            else if (character == '/')
            {
                if (IsRefusedSegment(pattern.AsSpan(segmentStart..index)))
                {
                    return "it has an empty or dot segment";
                }

                segmentStart = index + 1;
            }
        }

        return IsRefusedSegment(pattern.AsSpan(segmentStart..)) ? "it ends with a slash or a dot segment" : null;
    }

    /// <summary>How a pattern is spelled that begins <c>model/</c> only after folding case or without its leading slashes, or null.</summary>
    public static string? Lookalike(string pattern)
    {
        var trimmed = pattern.AsSpan().TrimStart('/');
        return !pattern.StartsWith(Prefix, StringComparison.Ordinal) && trimmed.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
            ? string.Concat(Prefix, trimmed[Prefix.Length..])
            : null;
    }

    private static bool IsRefusedSegment(ReadOnlySpan<char> segment) => segment is "" or "." or "..";

    // What a model is spelled with, a bit each.
    private static UInt128 ModelCharacters()
    {
        UInt128 characters = 0;
        for (var code = '!'; code <= '~'; code++)
        {
            characters |= code is '%' or '\\' or '*' or '?' or '[' or ']' ? 0 : UInt128.One << code;
        }

        return characters;
    }
}
