using System.Text.Json;
using ControlZero.Engine.Policies;

namespace ControlZero.Cli.Policies.Diff;

/// <summary>Which rule of one document is which of another.</summary>
internal static class RulePairs
{
    /// <summary>
    /// Pairs rules: first by id, or by name where there is no id; then what says the same under another name or none; then rules without id and name that match
    /// the same actions and resources. A rule without a partner is paired with null.
    /// </summary>
    public static IReadOnlyList<(PolicyRule? Was, PolicyRule? Becomes)> Of(IReadOnlyList<PolicyRule> was, IReadOnlyList<PolicyRule> becomes)
    {
        var (left, right) = (was.ToList(), becomes.ToList());
        var pairs = new List<(PolicyRule? Was, PolicyRule? Becomes)>();
        Pair(rule => rule.Id ?? rule.Name);
        Pair(rule => IsNamed(rule) ? null : Content(rule));
        Pair(Content);
        Pair(rule => IsNamed(rule) ? null : Matcher(rule));
        return [.. pairs, .. left.Select(rule => ((PolicyRule?)rule, (PolicyRule?)null)), .. right.Select(rule => ((PolicyRule?)null, (PolicyRule?)rule))];

        // Of several with one key the first is the first. A null key is nobody's.
        void Pair(Func<PolicyRule, string?> keyOf)
        {
            var waiting = right.Where(rule => keyOf(rule) is not null).GroupBy(rule => keyOf(rule)!).ToDictionary(group => group.Key, group => new Queue<PolicyRule>(group));
            foreach (var rule in left.ToList())
            {
                if (keyOf(rule) is { } key && waiting.TryGetValue(key, out var partners) && partners.TryDequeue(out var partner))
                {
                    pairs.Add((rule, partner));
                    left.Remove(rule);
                    right.Remove(partner);
                }
            }
        }
    }

    /// <summary>The pairs whose rules do not keep their order: the fewest without which all others do.</summary>
    public static IReadOnlySet<PolicyRule> Moved(IEnumerable<(PolicyRule? Was, PolicyRule? Becomes)> pairs)
    {
        // The longest run of pairs that rises on both sides has not moved.
        var both = pairs.Where(pair => pair.Was is not null && pair.Becomes is not null).OrderBy(pair => pair.Becomes!.Index).Select(pair => pair.Was!).ToList();
        var (length, before) = (new int[both.Count], new int[both.Count]);
        var last = -1;
        for (var at = 0; at < both.Count; at++)
        {
            (length[at], before[at]) = (1, -1);
            for (var earlier = 0; earlier < at; earlier++)
            {
                if (both[earlier].Index < both[at].Index && length[earlier] >= length[at])
                {
                    (length[at], before[at]) = (length[earlier] + 1, earlier);
                }
            }

            last = last < 0 || length[at] > length[last] ? at : last;
        }

        var moved = new HashSet<PolicyRule>(both, ReferenceEqualityComparer.Instance);
        for (; last >= 0; last = before[last])
        {
            moved.Remove(both[last]);
        }

        return moved;
    }

    private static bool IsNamed(PolicyRule rule) => (rule.Id ?? rule.Name) is not null;

    private static string Content(PolicyRule rule) => JsonSerializer.Serialize(PolicyFields.Content(rule));

    private static string Matcher(PolicyRule rule) =>
        JsonSerializer.Serialize(PolicyFields.Content(rule).Where(field => field.Key is "action" or "resource").ToDictionary());
}
