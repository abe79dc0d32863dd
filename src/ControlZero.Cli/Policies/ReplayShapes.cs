using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Policies;

/// <summary>How a replay is shown.</summary>
internal static class ReplayShapes
{
    /// <summary>Columns of a table of changes.</summary>
    public static IReadOnlyList<string> ChangeColumns { get; } = ["COUNT", "WAS", "BY", "BECOMES", "BY"];

    /// <summary>Columns of a table of examples.</summary>
    public static IReadOnlyList<string> ExampleColumns { get; } = ["TIME", "AGENT", "ACTION", "RESOURCE", "WAS", "BECOMES", "BY", "DECISION"];

    public static (string Name, string? Value)[] Facts(ReplayPolicyResponse last) =>
    [
        ("decisions", Shapes.Number(last.Counts.Decisions)),
        ("back to", Shapes.Instant(last.LookedBackTo)),
        ("unchanged", $"{Shapes.Number(last.Counts.Unchanged)}{(last.Counts.OtherRule == 0 ? "" : $" ({Shapes.Number(last.Counts.OtherRule)} by another rule)")}"),
        ("allow to deny", Shapes.Number(last.Counts.AllowToDeny)),
        ("deny to allow", Shapes.Number(last.Counts.DenyToAllow)),
        ("undecidable", $"{Shapes.Number(last.Counts.Undecidable)}{Reasons(last.Counts)}"),
        ("not by policy", Shapes.Number(last.Counts.NotByPolicy)),
    ];

    public static IReadOnlyList<string> Row(ReplayChange change) =>
        [Shapes.Number(change.Count), Shapes.Word(change.Was), Name(change.WasBy), Shapes.Word(change.Becomes), Name(change.BecomesBy)];

    public static IReadOnlyList<string> Row(ReplayExample example) =>
    [
        Shapes.Instant(example.Time) ?? "",
        example.AgentId,
        example.Action,
        example.Resource.Length > 0 ? example.Resource : string.Join(' ', example.CandidateResources),
        Shapes.Word(example.Was),
        Becomes(example),
        example.Becomes == Decision.Unspecified ? string.Join(", ", example.HangsOn) : Name(example.BecomesBy),
        example.DecisionId,
    ];

    public static object Of(ReplayPolicyResponse last) => new
    {
        Counts = new
        {
            last.Counts.Decisions,
            last.Counts.Unchanged,
            last.Counts.AllowToDeny,
            last.Counts.DenyToAllow,
            last.Counts.Undecidable,
            last.Counts.NotByPolicy,
            last.Counts.OtherRule,
            UndecidableBy = new SortedDictionary<string, long>(last.Counts.UndecidableBy, StringComparer.Ordinal),
        },
        LookedBackTo = Shapes.Instant(last.LookedBackTo),
        last.Stopped,
        Changes = last.Changes.Select(change => new
        {
            change.Count, Was = Shapes.Word(change.Was), WasBy = Of(change.WasBy), Becomes = Shapes.Word(change.Becomes), BecomesBy = Of(change.BecomesBy),
        }),
        last.OtherChanges,
        Examples = last.Examples.Select(example => new
        {
            example.DecisionId,
            Time = Shapes.Instant(example.Time),
            example.AgentId,
            example.Action,
            example.Resource,
            CandidateResources = example.CandidateResources.ToArray(),
            Was = Shapes.Word(example.Was),
            WasBy = Of(example.WasBy),
            Becomes = Becomes(example),
            BecomesBy = Of(example.BecomesBy),
            HangsOn = example.HangsOn.ToArray(),
        }),
        Diagnostics = last.Diagnostics.Select(Finding.Of),
        UnreachableSilos = last.UnreachableSilos.ToArray(),
        last.PolicyEpoch,
    };

    private static string Becomes(ReplayExample example) => example.Becomes == Decision.Unspecified ? "undecidable" : Shapes.Word(example.Becomes);

    private static object Of(ReplayRule rule) => new { rule.Policy, rule.RuleId };

    private static string Name(ReplayRule rule) => rule.RuleId.Length == 0 ? "(hangs on facts not kept)" : rule.Policy.Length == 0 ? rule.RuleId : $"{rule.Policy}/{rule.RuleId}";

    private static string Reasons(ReplayCounts counts) => counts.UndecidableBy.Count == 0 ? ""
        : $" ({string.Join(", ", counts.UndecidableBy.OrderBy(each => each.Key, StringComparer.Ordinal).Select(each => $"{each.Key} {Shapes.Number(each.Value)}"))})";
}
