using System.Text;

namespace ControlZero.Engine.Matching;

/// <summary>One piece of a pattern: a code point, one of a set, any one, or any run.</summary>
/// <param name="Code">The code point, or <see cref="One"/>, <see cref="Run"/> or <see cref="Class"/>.</param>
/// <param name="Set">The members of a class; null for the rest.</param>
internal readonly record struct GlobPiece(int Code, CodePointSet? Set = null)
{
    public const int One = -1;
    public const int Run = -2;
    public const int Class = -3;
}

/// <summary>Reads a pattern into its pieces.</summary>
internal static class GlobSyntax
{
    /// <summary>
    /// The pieces of a pattern, or null and what is wrong with it. Neighbouring <c>*</c> and <c>?</c> are put in one order (all <c>?</c>
    /// first, then one <c>*</c>), and a class of one member becomes that member: neither changes what the pattern matches.
    /// </summary>
    public static List<GlobPiece>? Read(string pattern, out string? error)
    {
        var pieces = new List<GlobPiece>(pattern.Length);
        var position = 0;
        error = null;
        while (position < pattern.Length)
        {
            var start = position;
            var codePoint = CodePoints.Read(pattern, ref position);
            if (IsSurrogate(codePoint))
            {
                error = LoneSurrogate(start);
                return null;
            }

            switch (codePoint)
            {
                case '*':
                    if (pieces.Count == 0 || pieces[^1].Code != GlobPiece.Run)
                    {
                        pieces.Add(new GlobPiece(GlobPiece.Run));
                    }

                    break;
                case '?' when pieces.Count > 0 && pieces[^1].Code == GlobPiece.Run:
                    pieces.Insert(pieces.Count - 1, new GlobPiece(GlobPiece.One));
                    break;
                case '?':
                    pieces.Add(new GlobPiece(GlobPiece.One));
                    break;
                case '[':
                    var set = ReadClass(pattern, ref position, out error);
                    if (set is null)
                    {
                        return null;
                    }

                    pieces.Add(set.Single >= 0 ? new GlobPiece(set.Single) : new GlobPiece(GlobPiece.Class, set));
                    break;
                default:
                    pieces.Add(new GlobPiece(codePoint));
                    break;
            }
        }

        return pieces;
    }

    /// <summary>Index of the first <paramref name="wanted"/> that stands outside every class, or -1. For patterns without an error.</summary>
    public static int IndexOutsideClasses(string pattern, char wanted)
    {
        var position = 0;
        while (position < pattern.Length)
        {
            if (pattern[position] == wanted)
            {
                return position;
            }

            if (pattern[position++] == '[')
            {
                ReadClass(pattern, ref position, out _);
            }
        }

        return -1;
    }

    /// <summary>Reads a class whose <c>[</c> has been read; leaves the position behind its <c>]</c>.</summary>
    private static CodePointSet? ReadClass(string pattern, ref int position, out string? error)
    {
        var open = position - 1;
        var negated = position < pattern.Length && pattern[position] is '!' or '^';
        if (negated)
        {
            position++;
        }

        var ranges = new List<(int First, int Last)>();
        for (var first = true; position < pattern.Length; first = false)
        {
            if (pattern[position] == ']' && !first)
            {
                position++;
                error = null;
                return CodePointSet.Create(ranges, negated);
            }

            var (low, high) = ReadRange(pattern, ref position, out error);
            if (error is not null)
            {
                return null;
            }

            ranges.Add((low, high));
        }

        error = ranges is [(']', ']')]
            ? $"the class at position {open} is empty; put at least one character between the brackets, or write `[[]` for a literal `[`"
            : $"the class at position {open} is not closed; add a `]`, or write `[[]` for a literal `[`";
        return null;
    }

    private static (int Low, int High) ReadRange(string pattern, ref int position, out string? error)
    {
        error = null;
        var start = position;
        var low = CodePoints.Read(pattern, ref position);
        var high = low;
        if (position + 1 < pattern.Length && pattern[position] == '-' && pattern[position + 1] != ']')
        {
            position++;
            high = CodePoints.Read(pattern, ref position);
        }

        if (IsSurrogate(low) || IsSurrogate(high))
        {
            error = LoneSurrogate(IsSurrogate(low) ? start : position - 1);
        }
        else if (low > high)
        {
            error = $"the range `{new Rune(low)}-{new Rune(high)}` at position {start} is reversed; write `{new Rune(high)}-{new Rune(low)}`";
        }

        return (low, high);
    }

    private static bool IsSurrogate(int codePoint) => codePoint is >= 0xD800 and <= 0xDFFF;

    private static string LoneSurrogate(int position) =>
        $"half a surrogate pair stands alone at position {position}; write the whole character";
}
