namespace ControlZero.Engine.Matching;

/// <summary>A set of code points, kept as sorted ranges that neither overlap nor touch; what a class such as <c>[a-z]</c> stands for.</summary>
internal sealed class CodePointSet
{
    private readonly (int First, int Last)[] _ranges;

    private CodePointSet((int First, int Last)[] ranges) => _ranges = ranges;

    /// <summary>How many ranges it is made of: what asking it costs.</summary>
    public int RangeCount => _ranges.Length;

    /// <summary>The only member, or -1 when the set has none or several.</summary>
    public int Single => _ranges.Length == 1 && _ranges[0].First == _ranges[0].Last ? _ranges[0].First : -1;

    /// <summary>The set of all members of the ranges, or of all other code points. Sorts and merges the ranges where they are.</summary>
    public static CodePointSet Create(Span<(int First, int Last)> ranges, bool negated)
    {
        ranges.Sort();
        var count = 0;
        foreach (var range in ranges)
        {
            if (count > 0 && range.First <= ranges[count - 1].Last + 1)
            {
                ranges[count - 1].Last = Math.Max(ranges[count - 1].Last, range.Last);
            }
            else
            {
                ranges[count++] = range;
            }
        }

        return new CodePointSet(negated ? Complement(ranges[..count]) : ranges[..count].ToArray());
    }

    /// <summary>True when the code point is a member.</summary>
    public bool Contains(int codePoint)
    {
        foreach (var (first, last) in _ranges)
        {
            if (codePoint <= last)
            {
                return codePoint >= first;
            }
        }

        return false;
    }

    /// <summary>True when every member of the other set is a member of this one.</summary>
    public bool Contains(CodePointSet other)
    {
        foreach (var range in other._ranges)
        {
            if (!HoldsWhole(range))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>True when the sets have a member in common, should the case of ASCII letters not count.</summary>
    public bool OverlapsIgnoringAsciiCase(CodePointSet other)
    {
        for (int letter = 'a'; letter <= 'z'; letter++)
        {
            var upper = CodePoints.OtherAsciiCase(letter);
            if ((Contains(letter) || Contains(upper)) && (other.Contains(letter) || other.Contains(upper)))
            {
                return true;
            }
        }

        foreach (var range in other._ranges)
        {
            if (Touches(range))
            {
                return true;
            }
        }

        return false;
    }

    private bool HoldsWhole((int First, int Last) range)
    {
        foreach (var (first, last) in _ranges)
        {
            if (first <= range.First && range.Last <= last)
            {
                return true;
            }
        }

        return false;
    }

    private bool Touches((int First, int Last) range)
    {
        foreach (var (first, last) in _ranges)
        {
            if (first <= range.Last && range.First <= last)
            {
                return true;
            }
        }

        return false;
    }

    // At its true length at once: a policy has room for a hundred thousand classes.
    private static (int First, int Last)[] Complement(ReadOnlySpan<(int First, int Last)> ranges)
    {
        var (leading, trailing) = (ranges is [{ First: 0 }, ..] ? 0 : 1, ranges is [.., { Last: >= CodePoints.Max }] ? 0 : 1);
        var complement = new (int First, int Last)[ranges.Length - 1 + leading + trailing];
        var (next, count) = (0, 0);
        foreach (var (first, last) in ranges)
        {
            if (next < first)
            {
                complement[count++] = (next, first - 1);
            }

            next = last + 1;
        }

        if (next <= CodePoints.Max)
        {
            complement[count] = (next, CodePoints.Max);
        }

        return complement;
    }
}
