using System.Collections.Immutable;

namespace ControlZero.Engine.Matching;

/// <summary>
/// The forms in which an action can be read. An action is <c>tool:method</c>; one without a colon is read as <c>name:*</c> and, where it
/// has a dot, also with its first dot as the colon, so that <c>llm.generate</c> and <c>llm:generate</c> are the same action.
/// A rule's action matches when any form of any of its patterns matches any form of the request.
/// </summary>
public static class ActionName
{
    /// <summary>
    /// The forms of an action pattern, one to three, themselves patterns. The pattern must be a valid <see cref="Glob"/>.
    /// A <c>.</c> within a class does not count. A <c>:</c> within one may be the colon of the action or be part of a name, so both are meant:
    /// <c>a[.:]b</c> is also read as it stands, or as a deny it would let <c>a:b</c> pass.
    /// </summary>
    public static ImmutableArray<string> PatternForms(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);

        var (itself, first, second) = FormsOfPattern(pattern);
        return [.. new[] { itself, first, second }.OfType<string>()];
    }

    /// <summary>The same without a list around them: the pattern itself, where a class in it may stand for the colon, and its other forms.</summary>
    internal static (string? Itself, string First, string? Second) FormsOfPattern(string pattern)
    {
        var colon = GlobSyntax.IndexOutsideClasses(pattern, ':');
        var (first, second) = Forms(pattern, colon, GlobSyntax.IndexOutsideClasses(pattern, '.'));
        return (colon < 0 && pattern.Contains(':', StringComparison.Ordinal) ? pattern : null, first, second);
    }

    /// <summary>The forms of the action of a request, one or two, plain texts: a <c>*</c> in them is an asterisk.</summary>
    public static ImmutableArray<string> RequestForms(string action)
    {
        ArgumentNullException.ThrowIfNull(action);

        var (first, second) = Forms(action, action.IndexOf(':', StringComparison.Ordinal), action.IndexOf('.', StringComparison.Ordinal));
        return second is null ? [first] : [first, second];
    }

    private static (string First, string? Second) Forms(string name, int colon, int dot)
    {
        if (colon >= 0)
        {
            return (name, null);
        }

        return (name + ":*", dot < 0 ? null : string.Concat(name.AsSpan(0, dot), ":", name.AsSpan(dot + 1)));
    }
}
