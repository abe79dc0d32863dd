using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Matching;

namespace ControlZero.Engine.Policies;

/// <summary>Tells patterns over models that no model can match: a deny written so would be a lock that fits no door.</summary>
public static class ModelPattern
{
    private const string Prefix = "model/";
    // A `]` outside a class stands for itself.
    private const string RefusedInModels = " %\\]";

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
                var end = EndOfClass(pattern, index);
                if (!MatchesAnyModelCharacter(pattern[index..end]))
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

    // The pattern is well-formed: the class ends, and a `]` right after its opening is a member.
    private static int EndOfClass(string pattern, int start)
    {
        var first = start + 1;
        if (pattern[first] is '!' or '^')
        {
            first++;
        }

        return pattern.IndexOf(']', first + 1) + 1;
    }

    private static bool MatchesAnyModelCharacter(string characterClass)
    {
        if (!Glob.TryParse(characterClass, out var glob, out _))
        {
            return true;
        }

        Span<char> one = stackalloc char[1];
        for (one[0] = '!'; one[0] <= '~'; one[0]++)
        {
            if (one[0] is not ('%' or '\\' or '*' or '?' or '[' or ']') && glob.IsMatch(one))
            {
                return true;
            }
        }

        return false;
    }
}
