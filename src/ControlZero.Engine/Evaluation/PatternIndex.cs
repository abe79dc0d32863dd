using ControlZero.Engine.Matching;

namespace ControlZero.Engine.Evaluation;

/// <summary>
/// Files rules under the literal beginnings of their patterns. What it finds for a text is every rule that matches it and some that do
/// not: letter case is left to the rules, and so is everything behind the first wildcard.
/// </summary>
internal sealed class PatternIndex
{
    private readonly Dictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _whole;
    private readonly Dictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _beginnings;
    private readonly int[] _beginningLengths;

    /// <summary>Files rules, given in their order.</summary>
    public PatternIndex(IEnumerable<(int Rule, PatternSet Patterns)> rules)
    {
        var (whole, beginnings) = (NewLists(), NewLists());
        foreach (var (rule, patterns) in rules)
        {
            foreach (var glob in patterns.Globs)
            {
                Add(glob.IsLiteral ? whole : beginnings, glob.LiteralPrefix, rule);
            }
        }

        _whole = Freeze(whole);
        _beginnings = Freeze(beginnings);
        _beginningLengths = [.. beginnings.Keys.Select(key => key.Length).Distinct().Order()];
    }

    /// <summary>Shows the visitor every rule that could match the text.</summary>
    public void Visit<TVisitor>(ReadOnlySpan<char> text, in Query query, ref TVisitor visitor)
        where TVisitor : struct, IRuleVisitor
    {
        if (_whole.TryGetValue(text, out var rules))
        {
            VisitAll(rules, in query, ref visitor);
        }

        foreach (var length in _beginningLengths)
        {
            if (length > text.Length)
            {
                break;
            }

            if (_beginnings.TryGetValue(text[..length], out rules))
            {
                VisitAll(rules, in query, ref visitor);
            }
        }
    }

    private static void VisitAll<TVisitor>(int[] rules, in Query query, ref TVisitor visitor)
        where TVisitor : struct, IRuleVisitor
    {
        foreach (var rule in rules)
        {
            if (rule >= visitor.Limit)
            {
                return;
            }

            visitor.Visit(rule, in query);
        }
    }

    // Ignores the case of all letters, not only of ASCII: more is found than is needed, and nothing is missed.
    private static Dictionary<string, List<int>> NewLists() => new(StringComparer.OrdinalIgnoreCase);

    private static void Add(Dictionary<string, List<int>> lists, string key, int rule)
    {
        if (!lists.TryGetValue(key, out var list))
        {
            lists.Add(key, list = []);
        }

        if (list.Count == 0 || list[^1] != rule)
        {
            list.Add(rule);
        }
    }

    private static Dictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> Freeze(Dictionary<string, List<int>> lists) =>
        lists.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray(), StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();
}

/// <summary>Counts how many patterns share each literal beginning.</summary>
internal sealed class PatternKeyCounts
{
    private readonly Dictionary<string, int> _counts = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Counts; null stands for no patterns.</summary>
    public PatternKeyCounts(IEnumerable<PatternSet?> sets)
    {
        foreach (var set in sets)
        {
            foreach (var glob in set is null ? [] : set.Globs)
            {
                _counts[glob.LiteralPrefix] = _counts.GetValueOrDefault(glob.LiteralPrefix) + 1;
            }
        }
    }

    /// <summary>How many patterns share the most common beginning of these. A pattern that begins with a wildcard is looked at by every request.</summary>
    public int MostShared(PatternSet patterns)
    {
        var most = 0;
        foreach (var glob in patterns.Globs)
        {
            most = Math.Max(most, glob.LiteralPrefix.Length == 0 ? int.MaxValue : _counts[glob.LiteralPrefix]);
        }

        return most;
    }
}
