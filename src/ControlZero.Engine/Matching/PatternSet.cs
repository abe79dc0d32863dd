using System.Collections.Immutable;

namespace ControlZero.Engine.Matching;

/// <summary>Several patterns of which one must match, and whether the case of ASCII letters counts.</summary>
internal sealed class PatternSet
{
    // Every form of a request's action has a colon, so this matches each of them.
    private static readonly Glob EveryAction = Parse("*:*");

    private readonly Glob[] _globs;
    private readonly bool _ignoringAsciiCase;

    private PatternSet(Glob[] globs, bool ignoringAsciiCase, bool isUniversal)
    {
        _globs = globs;
        _ignoringAsciiCase = ignoringAsciiCase;
        IsUniversal = isUniversal;
    }

    /// <summary>True when everything matches that can be asked of this set.</summary>
    public bool IsUniversal { get; }

    /// <summary>The patterns; for actions, all their forms.</summary>
    public ReadOnlySpan<Glob> Globs => _globs;

    /// <summary>Patterns over actions, to be held against the forms of a request's action.</summary>
    public static PatternSet OfActions(ImmutableArray<string> patterns, bool ignoringAsciiCase)
    {
        var globs = new List<Glob>(patterns.Length * 3);
        foreach (var pattern in patterns)
        {
            if (Glob.WhyBroken(pattern) is { } error)
            {
                throw Unchecked(pattern, error);
            }

            var (itself, first, second) = ActionName.FormsOfPattern(pattern);
            Add(itself, globs);
            Add(first, globs);
            Add(second, globs);
        }

        return new PatternSet([.. globs], ignoringAsciiCase, globs.Exists(glob => glob.Covers(EveryAction)));
    }

    /// <summary>Patterns over resources, agent ids or other plain texts.</summary>
    public static PatternSet OfTexts(ReadOnlySpan<string> patterns, bool ignoringAsciiCase = false)
    {
        var globs = new Glob[patterns.Length];
        for (var i = 0; i < globs.Length; i++)
        {
            globs[i] = Parse(patterns[i]);
        }

        return new PatternSet(globs, ignoringAsciiCase, Array.Exists(globs, glob => glob.IsUniversal));
    }

    /// <summary>True when one pattern matches one form. Takes what it costs off the steps; below 0 nothing matches.</summary>
    public bool Matches(in ActionForms action, ref long steps) =>
        IsUniversal || Matches(action.First, ref steps) || (!action.Second.IsEmpty && Matches(action.Second, ref steps));

    /// <summary>True when one pattern matches. Takes what it costs off the steps; below 0 nothing matches.</summary>
    public bool Matches(ReadOnlySpan<char> text, ref long steps)
    {
        foreach (var glob in _globs)
        {
            if ((steps -= glob.Cost(text)) < 0)
            {
                return false;
            }

            if (_ignoringAsciiCase ? glob.IsMatchIgnoringAsciiCase(text) : glob.IsMatch(text))
            {
                return true;
            }
        }

        return false;
    }

    private static void Add(string? form, List<Glob> globs)
    {
        if (form is not null)
        {
            globs.Add(Parse(form));
        }
    }

    private static Glob Parse(string pattern) => Glob.TryParse(pattern, out var glob, out var error) ? glob : throw Unchecked(pattern, error);

    private static ArgumentException Unchecked(string pattern, string error) => new($"the pattern `{pattern}` was never checked: {error}", nameof(pattern));
}
