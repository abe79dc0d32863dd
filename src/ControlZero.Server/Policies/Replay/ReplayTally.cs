using ControlZero.Engine.Replay;
using ControlZero.Protocol.V1;
using Decision = ControlZero.Protocol.V1.Decision;

namespace ControlZero.Server.Policies.Replay;

/// <summary>Counts what past decisions come to, and keeps examples.</summary>
/// <param name="maxExamples">At most so many of each kind.</param>
internal sealed class ReplayTally(int maxExamples)
{
    private const int ShownChanges = 100;

    // Ids of rules that are long gone come from the log, so their number has no other bound.
    private const int KeptChanges = 4096;

    private readonly Dictionary<Change, long> _changes = [];
    private readonly List<ReplayExample> _examples = [];
    private readonly Dictionary<(Decision, Decision), int> _kept = [];
    private long _otherChanges;

    /// <summary>The counts so far.</summary>
    public ReplayCounts Counts { get; } = new();

    /// <summary>Counts an event that the policies had no say in.</summary>
    public void AddNotByPolicy()
    {
        Counts.Decisions++;
        Counts.NotByPolicy++;
    }

    /// <summary>Counts an event of which cannot be told what it comes to.</summary>
    /// <param name="audited">The event.</param>
    /// <param name="hangsOn">What it hangs on.</param>
    public void AddUndecidable(AuditEvent audited, IReadOnlyCollection<string> hangsOn)
    {
        Counts.Decisions++;
        Counts.Undecidable++;
        foreach (var fact in hangsOn)
        {
            Counts.UndecidableBy[fact] = Counts.UndecidableBy.GetValueOrDefault(fact) + 1;
        }

        Keep(audited, Decision.Unspecified, null, hangsOn);
    }

    /// <summary>Counts an event that comes to something.</summary>
    public void Add(AuditEvent audited, in PastDecision decided)
    {
        Counts.Decisions++;
        var becomes = decided.Strictest.Allowed ? Decision.Allow : Decision.Deny;
        var rule = decided.Decision is { } decision ? new ReplayRule { Policy = decision.Policy, RuleId = decision.RuleId } : null;
        if (becomes == audited.Decision)
        {
            Counts.Unchanged++;
            Counts.OtherRule += rule is not null && (rule.Policy, rule.RuleId) != (audited.Policy, audited.RuleId) ? 1 : 0;
            return;
        }

        if (becomes == Decision.Deny)
        {
            Counts.AllowToDeny++;
        }
        else
        {
            Counts.DenyToAllow++;
        }

        var change = new Change(audited.Decision, audited.Policy, audited.RuleId, becomes, rule?.Policy ?? "", rule?.RuleId ?? "");
        if (_changes.TryGetValue(change, out var count) || _changes.Count < KeptChanges)
        {
            _changes[change] = count + 1;
        }
        else
        {
            _otherChanges++;
        }

        Keep(audited, becomes, rule, []);
    }

    /// <summary>Puts the lists into the last message.</summary>
    public void Conclude(ReplayPolicyResponse last)
    {
        var sorted = _changes.OrderByDescending(change => change.Value).ThenBy(change => change.Key.ToString(), StringComparer.Ordinal).ToList();
        last.Changes.Add(sorted.Take(ShownChanges).Select(change => new ReplayChange
        {
            Was = change.Key.Was,
            Becomes = change.Key.Becomes,
            WasBy = new ReplayRule { Policy = change.Key.WasPolicy, RuleId = change.Key.WasRule },
            BecomesBy = new ReplayRule { Policy = change.Key.Policy, RuleId = change.Key.Rule },
            Count = change.Value,
        }));
        last.OtherChanges = _otherChanges + sorted.Skip(ShownChanges).Sum(change => change.Value);
        last.Examples.Add(_examples);
    }

    private void Keep(AuditEvent audited, Decision becomes, ReplayRule? rule, IReadOnlyCollection<string> hangsOn)
    {
        // An undecidable one is one kind, whatever it was.
        var kind = (becomes == Decision.Unspecified ? becomes : audited.Decision, becomes);
        if (_kept.GetValueOrDefault(kind) == maxExamples)
        {
            return;
        }

        _kept[kind] = _kept.GetValueOrDefault(kind) + 1;
        _examples.Add(new ReplayExample
        {
            DecisionId = audited.DecisionId,
            Time = audited.Time,
            AgentId = audited.AgentId,
            Action = audited.Action,
            Resource = audited.Resource,
            CandidateResources = { audited.CandidateResources },
            Was = audited.Decision,
            Becomes = becomes,
            WasBy = new ReplayRule { Policy = audited.Policy, RuleId = audited.RuleId },
            BecomesBy = rule ?? new ReplayRule(),
            HangsOn = { hangsOn },
        });
    }

    private sealed record Change(Decision Was, string WasPolicy, string WasRule, Decision Becomes, string Policy, string Rule);
}
