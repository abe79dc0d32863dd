using ControlZero.Engine.Policies;

namespace ControlZero.Cli.Policies.Diff;

/// <summary>Compares what two documents mean: not how they are written, nor in which order what has none.</summary>
internal static class PolicyComparison
{
    /// <summary>Every difference: of the policy itself, then of its rules in their order, then of its limits.</summary>
    /// <param name="was">What is published. Null: nothing.</param>
    /// <param name="becomes">The draft.</param>
    public static IReadOnlyList<PolicyChange> Of(PolicyDocument? was, PolicyDocument becomes) =>
    [
        .. new[] { PolicyChange.Between("policy", becomes.Name, was is null ? null : PolicyFields.Of(was), PolicyFields.Of(becomes)) }.OfType<PolicyChange>(),
        .. Rules(was is null ? [] : [.. was.Rules], [.. becomes.Rules]),
        .. Limits(was, becomes),
    ];

    private static IEnumerable<PolicyChange> Rules(IReadOnlyList<PolicyRule> was, IReadOnlyList<PolicyRule> becomes)
    {
        var pairs = RulePairs.Of(was, becomes);
        var moved = RulePairs.Moved(pairs);
        return pairs.OrderBy(pair => pair.Becomes?.Index ?? pair.Was!.Index).ThenBy(pair => pair.Becomes is not null)
            .Select(pair => Change(pair.Was, pair.Becomes, pair.Was is not null && moved.Contains(pair.Was))).OfType<PolicyChange>();
    }

    private static PolicyChange? Change(PolicyRule? was, PolicyRule? becomes, bool isMoved)
    {
        var id = (becomes ?? was)!.ReportedId;
        var changed = PolicyChange.Between("rule", id, was is null ? null : PolicyFields.Of(was), becomes is null ? null : PolicyFields.Of(becomes));
        changed ??= isMoved ? new PolicyChange("moved", "rule", id, true, null, null, []) : null;
        return changed is null ? null : changed with { Moved = isMoved, WasAt = was?.Index, BecomesAt = becomes?.Index };
    }

    // Usage belongs to the name: another name is another limit.
    private static IEnumerable<PolicyChange> Limits(PolicyDocument? was, PolicyDocument becomes)
    {
        var before = was is null ? [] : was.Limits.ToDictionary(limit => limit.Key.Name, PolicyFields.Of);
        var after = becomes.Limits.ToDictionary(limit => limit.Key.Name, PolicyFields.Of);
        return before.Keys.Union(after.Keys).Order(StringComparer.Ordinal)
            .Select(name => PolicyChange.Between("limit", name, before.GetValueOrDefault(name), after.GetValueOrDefault(name))).OfType<PolicyChange>();
    }
}
