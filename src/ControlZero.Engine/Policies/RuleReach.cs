using ControlZero.Engine.Matching;

namespace ControlZero.Engine.Policies;

/// <summary>What one rule matches, as far as lint needs to know.</summary>
internal sealed class RuleReach
{
    private readonly Glob[][] _actions;
    private readonly Glob[] _resources;
    private readonly long _size;

    /// <summary>Takes the patterns of a checked rule.</summary>
    public RuleReach(PolicyRule rule)
    {
        Rule = rule;
        _actions = [.. rule.Actions.Select(pattern => ActionName.PatternForms(pattern).Select(Parse).ToArray())];
        _resources = rule.Resources.Contains("*") ? [] : [.. rule.Resources.Select(Parse)];
        _size = _actions.SelectMany(forms => forms).Concat(_resources).Sum(glob => (long)glob.Pattern.Length);
    }

    /// <summary>The rule.</summary>
    public PolicyRule Rule { get; }

    /// <summary>True when the rule asks for no resource.</summary>
    public bool IsUniversal => _resources.Length == 0;

    /// <summary>Upper bound of the steps it takes to hold another rule against this one.</summary>
    public long Cost(RuleReach other) => _size * other._size;

    /// <summary>
    /// True only if this rule matches, in the very spelling, every action and resource the other one matches. A union of several patterns that
    /// covers a single one goes unnoticed.
    /// </summary>
    public bool CoversAsSpelled(RuleReach other) =>
        Array.TrueForAll(other._actions, forms => Array.TrueForAll(forms, form => Array.Exists(_actions, mine => Array.Exists(mine, glob => glob.Covers(form)))))
        && (IsUniversal || (!other.IsUniversal && Array.TrueForAll(other._resources, glob => Array.Exists(_resources, mine => mine.Covers(glob)))));

    /// <summary>
    /// True only if no request at all gets past this rule to the other one, given that this one covers it as spelled. A deny also matches in
    /// other letter cases, and, when it asks for resources, requests without one: a permitting rule lets those pass.
    /// </summary>
    public bool LeavesNothingTo(RuleReach other) =>
        !Rule.Effect.Permits()
        || other.Rule.Effect.Permits()
        || (IsUniversal && _actions.SelectMany(forms => forms).All(IsBlindToCase));

    private static bool IsBlindToCase(Glob glob) =>
        !glob.Pattern.Contains('[', StringComparison.Ordinal) && !glob.Pattern.Any(char.IsAsciiLetter);

    private static Glob Parse(string pattern) => Glob.TryParse(pattern, out var glob, out var error)
        ? glob
        : throw new InvalidOperationException($"the checked pattern `{pattern}` does not parse: {error}");
}
