using System.Buffers;
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

/// <summary>The pieces of a pattern, four bytes each: a document has room for a quarter of a million of them.</summary>
internal sealed class GlobPieces
{
    // From `Class` downwards stand the classes: the first, the second, and so on.
    private readonly int[] _codes;
    private readonly CodePointSet[] _sets;

    /// <summary>Copies pieces at their true length.</summary>
    public GlobPieces(ReadOnlySpan<GlobPiece> pieces)
    {
        var classes = 0;
        foreach (var piece in pieces)
        {
            classes += piece.Set is null ? 0 : 1;
        }

        _codes = new int[pieces.Length];
        _sets = classes == 0 ? [] : new CodePointSet[classes];
        classes = 0;
        for (var i = 0; i < pieces.Length; i++)
        {
            _codes[i] = pieces[i].Code;
            if (pieces[i].Set is { } set)
            {
                _codes[i] = GlobPiece.Class - classes;
                _sets[classes++] = set;
            }
        }
    }

    /// <summary>How many there are.</summary>
    public int Length => _codes.Length;

    /// <summary>One of them.</summary>
    public GlobPiece this[int index] => _codes[index] is var code && code <= GlobPiece.Class
        ? new GlobPiece(GlobPiece.Class, SetOf(code))
        : new GlobPiece(code);

    /// <summary>What <see cref="SetOf"/> takes where it is <see cref="GlobPiece.Class"/> or less; else the piece's code.</summary>
    public int CodeAt(int index) => _codes[index];

    /// <summary>The members of a class.</summary>
    public CodePointSet SetOf(int code) => _sets[GlobPiece.Class - code];
}

/// <summary>Reads a pattern into its pieces.</summary>
internal static class GlobSyntax
{
    private const int AsciiLast = 127;

    // What this thread read last: patterns have the same class again and again, an action's in each of its forms, and one set will do.
    [ThreadStatic]
    private static (ReadOnlyMemory<char> Text, GlobPiece Piece)? _lastClass;

    /// <summary>
    /// The pieces of a pattern, or null and what is wrong with it. Neighbouring <c>*</c> and <c>?</c> are put in one order (all <c>?</c>
    /// first, then one <c>*</c>), and a class of one member becomes that member: neither changes what the pattern matches.
    /// </summary>
    public static GlobPieces? Read(string pattern, out string? error)
    {
        var pieces = ArrayPool<GlobPiece>.Shared.Rent(pattern.Length);
        var read = TryRead(pattern, pieces, out var count, out error) ? new GlobPieces(pieces.AsSpan(0, count)) : null;
        ArrayPool<GlobPiece>.Shared.Return(pieces, clearArray: true);
        return read;
    }

    /// <summary>What is wrong with a pattern, or null. Makes nothing of it.</summary>
    public static string? WhyBroken(string pattern)
    {
        TryRead(pattern, default, out _, out var error);
        return error;
    }

    // Without room for pieces the pattern is only checked.
    private static bool TryRead(string pattern, Span<GlobPiece> pieces, out int count, out string? error)
    {
        var position = 0;
        (count, error) = (0, null);
        while (position < pattern.Length)
        {
            var start = position;
            var codePoint = CodePoints.Read(pattern, ref position);
            if (IsSurrogate(codePoint))
            {
                error = LoneSurrogate(start);
                return false;
            }

            GlobPiece piece;
            if (codePoint != '[')
            {
                piece = new GlobPiece(codePoint switch { '*' => GlobPiece.Run, '?' => GlobPiece.One, _ => codePoint });
            }
            else if (!pieces.IsEmpty && _lastClass is { } last && pattern.AsSpan(start).StartsWith(last.Text.Span))
            {
                (piece, position) = (last.Piece, start + last.Text.Length);
            }
            else if (!TryReadClass(pattern, ref position, make: !pieces.IsEmpty, out piece, out error))
            {
                return false;
            }
            else if (!pieces.IsEmpty)
            {
                _lastClass = (pattern.AsMemory(start..position), piece);
            }

            if (!pieces.IsEmpty)
            {
                Add(piece, pieces, ref count);
            }
        }

        return true;
    }

    private static void Add(GlobPiece piece, Span<GlobPiece> pieces, ref int count)
    {
        if (count > 0 && pieces[count - 1].Code == GlobPiece.Run)
        {
            switch (piece.Code)
            {
                case GlobPiece.Run:
                    return;
                case GlobPiece.One:
                    pieces[count - 1] = piece;
                    piece = new GlobPiece(GlobPiece.Run);
                    break;
            }
        }

        pieces[count++] = piece;
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
                TryReadClass(pattern, ref position, make: false, out _, out _);
            }
        }

        return -1;
    }

    /// <summary>Reads a class whose <c>[</c> has been read; leaves the position behind its <c>]</c>.</summary>
    private static bool TryReadClass(string pattern, ref int position, bool make, out GlobPiece piece, out string? error)
    {
        var open = position - 1;
        var negated = position < pattern.Length && pattern[position] is '!' or '^';
        if (negated)
        {
            position++;
        }

        piece = default;
        var (count, room) = (0, pattern.Length - position);
        Span<(int First, int Last)> ranges = room <= Limits.PatternMaxLength ? stackalloc (int, int)[room] : new (int, int)[room];
        for (var first = true; position < pattern.Length; first = false)
        {
            if (pattern[position] == ']' && !first)
            {
                position++;
                piece = make ? PieceOf(ranges[..count], negated) : default;
                error = null;
                return true;
            }

            ranges[count++] = ReadRange(pattern, ref position, out error);
            if (error is not null)
            {
                return false;
            }
        }

        error = count == 1 && ranges[0] == (']', ']')
            ? $"the class at position {open} is empty; put at least one character between the brackets, or write `[[]` for a literal `[`"
            : $"the class at position {open} is not closed; add a `]`, or write `[[]` for a literal `[`";
        return false;
    }

    /// <summary>True when the class that opens at a place has one of these ASCII characters, each of them a bit. For patterns without an error.</summary>
    public static bool ClassHasAny(string pattern, int open, UInt128 characters, out int end)
    {
        var position = open + 1;
        var negated = pattern[position] is '!' or '^';
        position += negated ? 1 : 0;
        UInt128 members = 0;
        for (var first = true; first || pattern[position] != ']'; first = false)
        {
            var (low, high) = ReadRange(pattern, ref position, out _);
            for (var code = low; code <= Math.Min(high, AsciiLast); code++)
            {
                members |= UInt128.One << code;
            }
        }

        end = position + 1;
        return ((negated ? ~members : members) & characters) != 0;
    }

    private static GlobPiece PieceOf(Span<(int First, int Last)> ranges, bool negated)
    {
        var set = CodePointSet.Create(ranges, negated);
        return set.Single >= 0 ? new GlobPiece(set.Single) : new GlobPiece(GlobPiece.Class, set);
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
