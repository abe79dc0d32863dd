using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;

namespace ControlZero.Engine.Matching;

/// <summary>
/// A pattern over whole texts, case-sensitive and without normalisation: <c>*</c> is any run of characters, <c>/</c> and <c>:</c>
/// included; <c>?</c> exactly one code point; <c>[a-z]</c> one of a class, <c>[!a]</c> and <c>[^a]</c> one that is not. In a class, <c>]</c>
/// first and <c>-</c> first or last are literal. There is no escape character: a literal <c>*</c> is written <c>[*]</c>.
/// Matching takes time linear in pattern times text, and allocates nothing.
/// </summary>
public sealed class Glob
{
    private const long PlainCoverCost = 4;

    // What is more than itself in a pattern; and surrogates, of which one alone is an error that the long way finds.
    private static readonly SearchValues<char> Special =
        SearchValues.Create([.. "*?[", .. Enumerable.Range(0xd800, 0x800).Select(unit => (char)unit)]);

    private readonly long _weight;
    private GlobPieces? _pieces;

    // A text, with or without one `*` behind it: most patterns of most policies. Its pieces are made when lint asks for them.
    private Glob(string pattern, string literalPrefix)
    {
        Pattern = pattern;
        LiteralPrefix = literalPrefix;
        IsLiteral = literalPrefix.Length == pattern.Length;
        IsPrefix = !IsLiteral;
    }

    private Glob(string pattern, GlobPieces pieces)
    {
        Pattern = pattern;
        _pieces = pieces;
        var literals = 0;
        while (literals < pieces.Length && pieces[literals].Code >= 0)
        {
            literals++;
        }

        LiteralPrefix = BeginningOf(pattern, pieces, literals);
        IsLiteral = literals == pieces.Length;
        IsPrefix = literals == pieces.Length - 1 && pieces[pieces.Length - 1].Code == GlobPiece.Run;
        for (var i = literals; i < pieces.Length; i++)
        {
            _weight += 1 + (pieces[i].Set?.RangeCount ?? 0);
        }
    }

    /// <summary>The pattern as written.</summary>
    public string Pattern { get; }

    /// <summary>The text that every match begins with; the only match when <see cref="IsLiteral"/>. May be empty.</summary>
    public string LiteralPrefix { get; }

    /// <summary>True when exactly one text matches: <see cref="LiteralPrefix"/>.</summary>
    public bool IsLiteral { get; }

    /// <summary>True when exactly the texts that begin with <see cref="LiteralPrefix"/> match, as with <c>abc*</c>.</summary>
    public bool IsPrefix { get; }

    /// <summary>True when every text matches, as with <c>*</c>.</summary>
    public bool IsUniversal => IsPrefix && LiteralPrefix.Length == 0;

    /// <summary>Reads a pattern. False with a message when a class is unclosed, empty or reversed, or half a surrogate pair stands alone.</summary>
    public static bool TryParse(string pattern, [NotNullWhen(true)] out Glob? glob, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(pattern);

        if (IndexOfPlainEnd(pattern) is var end and >= 0)
        {
            (glob, error) = (new Glob(pattern, end == pattern.Length ? pattern : pattern[..end]), null);
            return true;
        }

        var pieces = GlobSyntax.Read(pattern, out error);
        glob = pieces is null ? null : new Glob(pattern, pieces);
        return glob is not null;
    }

    /// <summary>What is wrong with a pattern, in the words of <see cref="TryParse"/>, or null. Allocates nothing where there is nothing.</summary>
    public static string? WhyBroken(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);

        return IndexOfPlainEnd(pattern) >= 0 ? null : GlobSyntax.WhyBroken(pattern);
    }

    /// <summary>
    /// The most that matching the text can take. Unit: steps of about a nanosecond. 1 where the text is compared once with the pattern's beginning.
    /// </summary>
    public long Cost(ReadOnlySpan<char> text) => IsLiteral || IsPrefix || !text.StartsWith(LiteralPrefix, StringComparison.OrdinalIgnoreCase)
        ? 1
        : 1 + (_weight * (text.Length - LiteralPrefix.Length));

    /// <summary>True when the text matches.</summary>
    public bool IsMatch(ReadOnlySpan<char> text)
    {
        if (IsLiteral)
        {
            return text.SequenceEqual(LiteralPrefix);
        }

        return IsPrefix ? text.StartsWith(LiteralPrefix) : Match<ExactCase>(text);
    }

    /// <summary>True when the text matches, or another that differs from it in nothing but the case of ASCII letters.</summary>
    public bool IsMatchIgnoringAsciiCase(ReadOnlySpan<char> text)
    {
        if (IsLiteral)
        {
            return CodePoints.EqualIgnoringAsciiCase(text, LiteralPrefix);
        }

        return IsPrefix
            ? text.Length >= LiteralPrefix.Length && CodePoints.EqualIgnoringAsciiCase(text[..LiteralPrefix.Length], LiteralPrefix)
            : Match<AnyAsciiCase>(text);
    }

    /// <summary>
    /// True only if every text that <paramref name="other"/> matches, this one matches too. Sound, not complete: it may say false of a
    /// pair where it holds.
    /// </summary>
    public bool Covers(Glob other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (IsLiteral)
        {
            return other.IsLiteral && other.LiteralPrefix == LiteralPrefix;
        }

        // Behind the beginning our run takes whatever theirs goes on with.
        return IsPrefix ? other.LiteralPrefix.StartsWith(LiteralPrefix, StringComparison.Ordinal) : Covers(Pieces(), other.Pieces());
    }

    /// <summary>Upper bound of what <see cref="Covers(Glob)"/> takes. Unit: steps of about a nanosecond.</summary>
    internal long CoverCost(Glob other) => IsLiteral || IsPrefix ? PlainCoverCost : (long)Pattern.Length * other.Pattern.Length;

    /// <summary>True if some text matches both, should the case of ASCII letters not count. Takes <see cref="OverlapCost"/> steps.</summary>
    internal bool OverlapsIgnoringAsciiCase(Glob other)
    {
        if ((IsPrefix || IsLiteral) && (other.IsPrefix || other.IsLiteral))
        {
            var (shorter, longer) = LiteralPrefix.Length <= other.LiteralPrefix.Length ? (this, other) : (other, this);
            return (shorter.IsPrefix || shorter.LiteralPrefix.Length == longer.LiteralPrefix.Length)
                && CodePoints.EqualIgnoringAsciiCase(longer.LiteralPrefix.AsSpan(0, shorter.LiteralPrefix.Length), shorter.LiteralPrefix);
        }

        return Overlaps(Pieces(), other.Pieces());
    }

    /// <summary>Upper bound of what <see cref="OverlapsIgnoringAsciiCase"/> takes. Unit: steps of about a nanosecond.</summary>
    internal long OverlapCost(Glob other) =>
        (IsPrefix || IsLiteral) && (other.IsPrefix || other.IsLiteral) ? PlainCoverCost : 4L * (Pattern.Length + 1) * (other.Pattern.Length + 1);

    // reached[j]: what stands before `own` and what stands before `j` of theirs can match the same text.
    private static bool Overlaps(GlobPieces pieces, GlobPieces others)
    {
        var (reached, next) = (new bool[others.Length + 1], new bool[others.Length + 1]);
        for (var own = 0; own <= pieces.Length; own++)
        {
            for (var theirs = 0; theirs <= others.Length; theirs++)
            {
                var atRun = (own > 0 && pieces[own - 1].Code == GlobPiece.Run) || (theirs > 0 && others[theirs - 1].Code == GlobPiece.Run);
                next[theirs] = (own, theirs) is (0, 0)
                    || (atRun && own > 0 && reached[theirs])
                    || (atRun && theirs > 0 && next[theirs - 1])
                    || (own > 0 && theirs > 0 && reached[theirs - 1] && Meet(pieces[own - 1], others[theirs - 1]));
            }

            (reached, next) = (next, reached);
        }

        return reached[^1];
    }

    private static bool Meet(GlobPiece own, GlobPiece theirs) => (own.Code, theirs.Code) switch
    {
        (GlobPiece.Run or GlobPiece.One, _) or (_, GlobPiece.Run or GlobPiece.One) => true,
        (GlobPiece.Class, GlobPiece.Class) => own.Set!.OverlapsIgnoringAsciiCase(theirs.Set!),
        (GlobPiece.Class, var codePoint) => AnyAsciiCase.Contains(own.Set!, codePoint),
        (var codePoint, GlobPiece.Class) => AnyAsciiCase.Contains(theirs.Set!, codePoint),
        _ => AnyAsciiCase.Equal(own.Code, theirs.Code),
    };

    private static bool Covers(GlobPieces pieces, GlobPieces others)
    {
        // The pieces of the other pattern are walked as if they were text; only a run of ours takes a run of theirs.
        var (own, theirs, afterRun, retry) = (0, 0, -1, 0);
        while (theirs < others.Length)
        {
            if (own < pieces.Length && pieces[own].Code == GlobPiece.Run)
            {
                afterRun = ++own;
                retry = theirs;
            }
            else if (own < pieces.Length && Covers(pieces[own], others[theirs]))
            {
                own++;
                theirs++;
            }
            else if (afterRun >= 0)
            {
                own = afterRun;
                theirs = ++retry;
            }
            else
            {
                return false;
            }
        }

        return OnlyRunsFrom(pieces, own);
    }

    /// <inheritdoc/>
    public override string ToString() => Pattern;

    private GlobPieces Pieces() => _pieces ??= GlobSyntax.Read(Pattern, out _)!;

    // Where the text ends that a plain pattern begins with: at its end, or before a `*` that ends it. -1: it is not plain.
    private static int IndexOfPlainEnd(string pattern)
    {
        var end = pattern.AsSpan().IndexOfAny(Special);
        var isPlain = end < 0 || (end == pattern.Length - 1 && pattern[end] == '*');
        return isPlain ? (end < 0 ? pattern.Length : end) : -1;
    }

    private static string BeginningOf(string pattern, GlobPieces pieces, int literals)
    {
        var special = pattern.AsSpan().IndexOfAny('*', '?', '[');
        var (plain, position) = (0, 0);
        for (; position < special; plain++)
        {
            CodePoints.Read(pattern, ref position);
        }

        if (plain == literals)
        {
            return pattern[..position];
        }

        // A class of one member is that member, and the beginning goes on behind it.
        var text = new StringBuilder(literals);
        Span<char> units = stackalloc char[2];
        for (var i = 0; i < literals; i++)
        {
            text.Append(units[..new Rune(pieces[i].Code).EncodeToUtf16(units)]);
        }

        return text.ToString();
    }

    private static bool Covers(GlobPiece own, GlobPiece theirs) => (own.Code, theirs.Code) switch
    {
        (_, GlobPiece.Run) => false,
        (GlobPiece.One, _) => true,
        (GlobPiece.Class, GlobPiece.One) => false,
        (GlobPiece.Class, GlobPiece.Class) => own.Set!.Contains(theirs.Set!),
        (GlobPiece.Class, var codePoint) => own.Set!.Contains(codePoint),
        _ => own.Code == theirs.Code,
    };

    // A mismatch goes back to the last run only: what an earlier run took can stay as it is, so no choice is ever tried twice.
    private bool Match<TCase>(ReadOnlySpan<char> text)
        where TCase : struct, ICaseRule
    {
        var pieces = Pieces();
        var (piece, position, afterRun, retry) = (0, 0, -1, 0);
        while (position < text.Length)
        {
            if (piece < pieces.Length && pieces.CodeAt(piece) == GlobPiece.Run)
            {
                afterRun = ++piece;
                retry = position;
                continue;
            }

            var next = position;
            var codePoint = CodePoints.Read(text, ref next);
            if (piece < pieces.Length && Accepts<TCase>(pieces, piece, codePoint))
            {
                piece++;
                position = next;
            }
            else if (afterRun >= 0)
            {
                CodePoints.Read(text, ref retry);
                piece = afterRun;
                position = retry;
            }
            else
            {
                return false;
            }
        }

        return OnlyRunsFrom(pieces, piece);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Accepts<TCase>(GlobPieces pieces, int piece, int codePoint)
        where TCase : struct, ICaseRule => pieces.CodeAt(piece) switch
        {
            GlobPiece.One => true,
            <= GlobPiece.Class and var set => TCase.Contains(pieces.SetOf(set), codePoint),
            var literal => TCase.Equal(literal, codePoint),
        };

    private static bool OnlyRunsFrom(GlobPieces pieces, int piece) =>
        piece == pieces.Length || (piece == pieces.Length - 1 && pieces[piece].Code == GlobPiece.Run);

    private interface ICaseRule
    {
        static abstract bool Equal(int literal, int codePoint);

        static abstract bool Contains(CodePointSet set, int codePoint);
    }

    private readonly struct ExactCase : ICaseRule
    {
        public static bool Equal(int literal, int codePoint) => literal == codePoint;

        public static bool Contains(CodePointSet set, int codePoint) => set.Contains(codePoint);
    }

    private readonly struct AnyAsciiCase : ICaseRule
    {
        public static bool Equal(int literal, int codePoint) =>
            CodePoints.FoldAsciiCase(literal) == CodePoints.FoldAsciiCase(codePoint);

        public static bool Contains(CodePointSet set, int codePoint) =>
            set.Contains(codePoint) || set.Contains(CodePoints.OtherAsciiCase(codePoint));
    }
}
