using System.Runtime.InteropServices;
using ControlZero.Engine.Matching;

namespace ControlZero.Engine.Evaluation;

/// <summary>
/// Files rules under the literal beginnings of their patterns. What it finds for a text is every rule that matches it and some that do
/// not: letter case is left to the rules, and so is everything behind the first wildcard.
/// </summary>
internal sealed class PatternIndex
{
    private readonly FiledRules _whole;
    private readonly FiledRules _beginnings;
    private readonly int[] _beginningLengths;

    /// <summary>Files rules, given in their order.</summary>
    public PatternIndex(IReadOnlyCollection<(int Rule, PatternSet Patterns)> rules)
    {
        var (literals, others) = (0, 0);
        foreach (var (_, patterns) in rules)
        {
            foreach (var glob in patterns.Globs)
            {
                _ = glob.IsLiteral ? literals++ : others++;
            }
        }

        (_whole, _beginnings) = (new FiledRules(literals), new FiledRules(others));
        foreach (var (rule, patterns) in rules)
        {
            foreach (var glob in patterns.Globs)
            {
                (glob.IsLiteral ? _whole : _beginnings).Add(glob.LiteralPrefix, rule);
            }
        }

        _whole.Trim();
        _beginnings.Trim();
        _beginningLengths = _beginnings.KeyLengths();
    }

    /// <summary>Shows the visitor every rule that could match the text.</summary>
    public void Visit<TVisitor>(ReadOnlySpan<char> text, in Query query, ref TVisitor visitor)
        where TVisitor : struct, IRuleVisitor
    {
        _whole.Visit(text, in query, ref visitor);
        foreach (var length in _beginningLengths)
        {
            if (length > text.Length)
            {
                break;
            }

            _beginnings.Visit(text[..length], in query, ref visitor);
        }
    }
}

/// <summary>
/// Rules by a text, those of one text in their order. One table and one list of links, made at their size: a tenant may have a hundred thousand
/// patterns, and a list for each would take six times as much.
/// </summary>
/// <param name="capacity">How many are going to be added at most.</param>
internal sealed class FiledRules(int capacity)
{
    private const int None = -1;

    // Ignores the case of all letters, not only of ASCII: more is found than is needed, and nothing is missed.
    private readonly Dictionary<string, (int First, int Last)> _byText = new(capacity, StringComparer.OrdinalIgnoreCase);
    private readonly List<(int Rule, int Next)> _links = new(capacity);

    /// <summary>Files a rule that is not before any that was filed already.</summary>
    public void Add(string text, int rule)
    {
        ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(_byText, text, out var isKnown);
        if (!isKnown)
        {
            place = (_links.Count, _links.Count);
        }
        else if (_links[place.Last].Rule == rule)
        {
            return;
        }
        else
        {
            _links[place.Last] = (_links[place.Last].Rule, _links.Count);
            place.Last = _links.Count;
        }

        _links.Add((rule, None));
    }

    /// <summary>Gives back the room that equal texts did not need, where it is worth copying the rest.</summary>
    public void Trim()
    {
        if (_byText.Count < capacity / 2)
        {
            _byText.TrimExcess();
        }
    }

    /// <summary>How long the texts are: each length once, the shortest first.</summary>
    public int[] KeyLengths()
    {
        var lengths = new HashSet<int>();
        foreach (var text in _byText.Keys)
        {
            lengths.Add(text.Length);
        }

        return [.. lengths.Order()];
    }

    /// <summary>Shows the visitor the rules of a text, as far as it cares.</summary>
    public void Visit<TVisitor>(ReadOnlySpan<char> text, in Query query, ref TVisitor visitor)
        where TVisitor : struct, IRuleVisitor
    {
        if (!_byText.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out var place))
        {
            return;
        }

        var links = CollectionsMarshal.AsSpan(_links);
        for (var link = place.First; link != None && links[link].Rule < visitor.Limit; link = links[link].Next)
        {
            visitor.Visit(links[link].Rule, in query);
        }
    }
}

/// <summary>Counts how many patterns share each literal beginning.</summary>
internal sealed class PatternKeyCounts
{
    private readonly Dictionary<string, int> _counts;

    /// <summary>Counts the patterns of some rules; null stands for none.</summary>
    public PatternKeyCounts(CompiledRule[] rules, Func<CompiledRule, PatternSet?> patterns)
    {
        _counts = new(rules.Sum(rule => patterns(rule)?.Globs.Length ?? 0), StringComparer.OrdinalIgnoreCase);
        foreach (var rule in rules)
        {
            foreach (var glob in patterns(rule) is { } set ? set.Globs : [])
            {
                CollectionsMarshal.GetValueRefOrAddDefault(_counts, glob.LiteralPrefix, out _)++;
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
