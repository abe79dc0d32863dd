using ControlZero.Engine.Matching;

namespace ControlZero.Engine.Policies;

/// <summary>What one rule matches, as far as lint needs to know.</summary>
internal sealed class RuleReach
{
    private const long PatternSize = 160;
    private const long CharacterSize = 24;

    private readonly PatternSet _actions;
    private readonly PatternSet _resources;

    /// <summary>Takes the patterns of a checked rule.</summary>
    public RuleReach(PolicyRule rule)
    {
        Rule = rule;
        _actions = PatternSet.OfActions(rule.Actions, ignoringAsciiCase: false);
        _resources = PatternSet.OfTexts(rule.Resources.Contains("*") ? [] : rule.Resources.AsSpan());
    }

    /// <summary>The rule.</summary>
    public PolicyRule Rule { get; }

    /// <summary>True when the rule asks for no resource.</summary>
    public bool IsUniversal => _resources.Globs.IsEmpty;

    /// <summary>About what looking at a rule allocates. Unit: bytes.</summary>
    public static long Size(PolicyRule rule)
    {
        long size = 0;
        foreach (var pattern in rule.Actions)
        {
            size += (pattern.Contains(':', StringComparison.Ordinal) ? 3 : 2) * (PatternSize + (CharacterSize * pattern.Length));
        }

        foreach (var pattern in rule.Resources)
        {
            size += PatternSize + (CharacterSize * pattern.Length);
        }

        return size;
    }

    /// <summary>
    /// True only if this rule matches, in the very spelling, every action and resource the other one matches. A union of several patterns that
    /// covers a single one goes unnoticed, and so does what there are no steps left for.
    /// </summary>
    public bool CoversAsSpelled(RuleReach other, ref long steps) =>
        CoversAll(_actions.Globs, other._actions.Globs, ref steps)
        && (IsUniversal || (!other.IsUniversal && CoversAll(_resources.Globs, other._resources.Globs, ref steps)));

    /// <summary>
    /// True if some request that a limit counts may match this rule; also when there are no steps left to tell. As a limit does, it ignores the
    /// case of ASCII letters.
    /// </summary>
    public bool MayMeet(LimitReach limit, ref long steps) =>
        MeetsAny(_actions.Globs, limit.Actions.Globs, ref steps) && (IsUniversal || MeetsAny(_resources.Globs, limit.Resources.Globs, ref steps));

    private static bool MeetsAny(ReadOnlySpan<Glob> patterns, ReadOnlySpan<Glob> others, ref long steps)
    {
        foreach (var pattern in patterns)
        {
            foreach (var other in others)
            {
                if ((steps -= pattern.OverlapCost(other)) < 0 || pattern.OverlapsIgnoringAsciiCase(other))
                {
                    return true;
                }
            }
        }

        return others.Length == 0;
    }

    private static bool CoversAll(ReadOnlySpan<Glob> patterns, ReadOnlySpan<Glob> others, ref long steps)
    {
        foreach (var other in others)
        {
            if (!CoversOne(patterns, other, ref steps))
            {
                return false;
            }
        }

        return true;
    }

    private static bool CoversOne(ReadOnlySpan<Glob> patterns, Glob other, ref long steps)
    {
        foreach (var pattern in patterns)
        {
            if ((steps -= pattern.CoverCost(other)) < 0)
            {
                return false;
            }

            if (pattern.Covers(other))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// True only if no request at all gets past this rule to the other one, given that this one covers it as spelled. A deny also matches in
    /// other letter cases, and, when it asks for resources, requests without one: a permitting rule lets those pass.
    /// </summary>
    public bool LeavesNothingTo(RuleReach other) =>
        !Rule.Effect.Permits()
        || other.Rule.Effect.Permits()
        || (IsUniversal && IsBlindToCase(_actions));

    private static bool IsBlindToCase(PatternSet patterns)
    {
        foreach (var glob in patterns.Globs)
        {
            if (glob.Pattern.Contains('[', StringComparison.Ordinal) || glob.Pattern.Any(char.IsAsciiLetter))
            {
                return false;
            }
        }

        return true;
    }
}
