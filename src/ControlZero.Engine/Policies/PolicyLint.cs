using System.Collections.Immutable;
using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Documents;

namespace ControlZero.Engine.Policies;

/// <summary>
/// Warns of policies that are well-formed and hardly mean what their author thinks. Every warning is true; not every oddity is found.
/// </summary>
internal sealed class PolicyLint(FindingList findings)
{
    // Rules are held against each other in pairs: a thousand of them with plain patterns are looked at to the end. A hostile document stops
    // being looked at rather than being slow. Unit: steps of about a nanosecond.
    private const long MaxSteps = 30_000_000;

    // The same, for memory: enough for a thousand rules of fifty characters. Unit: bytes.
    private const long MaxSize = 3 * 1024 * 1024;

    private long _steps = MaxSteps;

    /// <summary>Looks at a policy without errors.</summary>
    public void Check(BoundPolicy policy)
    {
        var rules = policy.Document.Rules;
        var nodes = policy.Root.Find("rules")!.Items;
        var unreachable = FindUnreachable(rules, nodes);
        foreach (var rule in rules)
        {
            WarnOfCallerContext(rule, nodes[rule.Index]);
        }

        WarnOfTwins(policy.Document, nodes);
        WarnOfLimits(policy, unreachable);
        WarnOfLimitsInShadow(policy);
        if (policy.Document.DefaultAction == Effect.Deny && !rules.Any(rule => rule.Effect.Permits() && !unreachable.Contains(rule.Index)))
        {
            findings.Warning(policy.Root, DiagnosticCodes.PolicyAllowsNothing,
                "no rule that can be reached permits anything, and the default denies",
                "add a rule that allows, unless this policy only ever restricts others");
        }
    }

    private HashSet<int> FindUnreachable(ImmutableArray<PolicyRule> rules, List<DocumentNode> nodes)
    {
        var unreachable = new HashSet<int>();
        var unconditional = new List<RuleReach>();
        long size = 0;
        foreach (var written in rules)
        {
            if ((size += RuleReach.Size(written)) > MaxSize)
            {
                break;
            }

            var rule = new RuleReach(written);
            var covering = FindCovering(unconditional, rule);
            if (covering is not null)
            {
                Warn(covering, rule, nodes[rule.Rule.Index], unreachable);
            }

            if (rule.Rule.Conditions.IsEmpty)
            {
                unconditional.Add(rule);
            }
        }

        return unreachable;
    }

    private void Warn(RuleReach covering, RuleReach covered, DocumentNode node, HashSet<int> unreachable)
    {
        var (first, second) = (Quoted.Text(covering.Rule.ReportedId), Quoted.Text(covered.Rule.ReportedId));
        if (covering.LeavesNothingTo(covered))
        {
            unreachable.Add(covered.Rule.Index);
            findings.Warning(node, DiagnosticCodes.RuleUnreachable,
                $"the rule {second} is never reached: {first} matches everything it matches, and comes first",
                "move it up, or remove it");
        }

        if (covering.Rule.Effect.Permits() && !covered.Rule.Effect.Permits())
        {
            findings.Warning(node, DiagnosticCodes.DenyAfterCatchAll,
                $"the deny {second} comes too late: {first} permits everything it names",
                "move the deny up; the first rule that matches decides");
        }
    }

    private RuleReach? FindCovering(List<RuleReach> earlier, RuleReach rule)
    {
        foreach (var candidate in earlier)
        {
            if (_steps < 0)
            {
                break;
            }

            if (candidate.CoversAsSpelled(rule, ref _steps))
            {
                return candidate;
            }
        }

        return null;
    }

    private void WarnOfCallerContext(PolicyRule rule, DocumentNode node)
    {
        var dodged = rule.Effect == Effect.Deny
            && !rule.Conditions.IsEmpty
            && rule.Conditions.All(condition => ConditionKey.IsFromCaller(condition.Key))
            && !rule.Conditions.Any(condition => condition is { Operator: ConditionOperator.Exists, Expected: false });
        if (dodged)
        {
            findings.Warning(node, DiagnosticCodes.DenyOnCallerContext,
                $"the deny {Quoted.Text(rule.ReportedId)} rests on what the caller says: without {Quoted.Text(rule.Conditions[0].Key)} it does not match",
                "add a deny with `exists: false` for the key, or rest it on `agent_id`, `agent.labels.*` or `request.time`");
        }
    }

    // A limit that names actions also counts those without a resource, and what it counts may be permitted by another policy: so it says.
    private void WarnOfLimits(BoundPolicy policy, HashSet<int> unreachable)
    {
        var permitting = policy.Document.Rules.Where(rule => rule.Effect.Permits() && !unreachable.Contains(rule.Index)).ToList();
        if (policy.Document.Limits.IsEmpty || policy.Document.DefaultAction != Effect.Deny || permitting.Sum(RuleReach.Size) > MaxSize)
        {
            return;
        }

        var rules = permitting.ConvertAll(rule => new RuleReach(rule));
        for (var i = 0; i < policy.Document.Limits.Length; i++)
        {
            var limit = new LimitReach(policy.Document.Limits[i]);
            if (!rules.Exists(rule => rule.MayMeet(limit, ref _steps)))
            {
                findings.Warning(policy.Root.Find("limits")!.Items[i], DiagnosticCodes.LimitUnreachable,
                    $"nothing that the limit {Quoted.Text(limit.Limit.Key.Name)} counts is permitted by this policy",
                    "correct its `action` and `resource`, unless another policy permits what it counts");
            }
        }
    }

    private void WarnOfLimitsInShadow(BoundPolicy policy)
    {
        if (policy.Document.Mode == PolicyMode.Shadow && !policy.Document.Limits.IsEmpty)
        {
            findings.Warning(policy.Root.Find("limits")!, DiagnosticCodes.LimitInShadow,
                "the limits of a policy in shadow are not counted: nothing is charged to them, and nothing is denied by them",
                "publish the policy with `mode: enforce`, or state the limits in a policy that is enforced, to have them counted");
        }
    }

    private void WarnOfTwins(PolicyDocument document, List<DocumentNode> nodes)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var rule in document.Rules)
        {
            if (!ids.TryAdd(rule.ReportedId, rule.Index))
            {
                findings.Warning(nodes[rule.Index], DiagnosticCodes.RuleIdTwice,
                    $"the rules {ids[rule.ReportedId]} and {rule.Index} both report the id {Quoted.Text(rule.ReportedId)}",
                        "give each an id of its own");
            }
        }
    }
}
