using ControlZero.Chaos.Load;
using ControlZero.Chaos.Records;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Tests.Oracle;

namespace ControlZero.Chaos.Checking;

/// <summary>
/// Every decision is the one the naive evaluator makes under the policies of the epoch that the decision names, and says that somebody is
/// suspended exactly when he is under that epoch.
/// </summary>
internal sealed class OracleChecker : IChecker
{
    public string Name => "oracle";

    public string Promise => "every decision is what the naive evaluator says under the version it names";

    public IEnumerable<Violation> Check(History history)
    {
        var tenants = history.Tenants.Values.ToDictionary(tenant => tenant.Id, tenant => new TenantStory(tenant, history));
        foreach (var decision in history.Decisions.Where(decision => decision.Answer!.IsDecided))
        {
            if (tenants[decision.Tenant].Refute(decision) is { } fault)
            {
                yield return new Violation(Name, decision.Completed, $"{fault}: {decision}");
            }
        }
    }

    /// <summary>What was in force in a tenant, by epoch.</summary>
    private sealed class TenantStory
    {
        private readonly RecordedTenant _tenant;
        private readonly Dictionary<int, PolicyDocument> _policies;
        private readonly List<Call> _publishes;
        private readonly List<(int Document, ulong After)> _unknown;
        private readonly ILookup<(string Agent, string Model), Call> _suspensions;
        private readonly IReadOnlyList<string> _models;
        private readonly Dictionary<long, string> _versions = [];
        private readonly Dictionary<(int, string, string, string), Verdict> _verdicts = [];

        public TenantStory(RecordedTenant tenant, History history)
        {
            _tenant = tenant;
            _policies = tenant.Documents.ToDictionary(document => document.Key, document => PolicyParser.Parse(document.Value).Document!);
            var changes = history.Calls.Where(call => call.Tenant == tenant.Id && call.Operation != Operation.Enforce).ToList();
            _publishes = [.. changes.Where(call => call is { Operation: Operation.Publish, IsOk: true, Asked.Document: > 0 }).OrderBy(call => call.Epoch)];
            _unknown = [.. changes.Where(call => call is { Operation: Operation.Publish, IsUnknown: true }).Select(call => (call.Asked.Document, NewestBefore(changes, call.Invoked)))];
            _suspensions = changes.Where(call => call.Operation is not (Operation.Publish or Operation.RevokeKey)).ToLookup(call => (call.Agent, call.Resource));
            _models = [.. _suspensions.Select(changes => changes.Key.Model).Where(pattern => pattern.Length > 0)];
        }

        public string? Refute(Call decision)
        {
            var answer = decision.Answer!;
            var tenant = IsSuspended("", "", decision.Epoch);
            var agent = IsSuspended(decision.Agent, "", decision.Epoch);
            var models = _models.Where(pattern => TestPolicies.Stops(pattern, decision.Resource)).Select(pattern => IsSuspended("", pattern, decision.Epoch)).ToList();
            switch (answer.Reason)
            {
                case "TENANT_SUSPENDED":
                    return tenant == false || answer.Allowed ? "the tenant is not suspended under this epoch" : null;
                case "AGENT_SUSPENDED":
                    return agent == false || answer.Allowed ? "the agent is not suspended under this epoch" : null;
                case "MODEL_SUSPENDED":
                    return models.TrueForAll(stopped => stopped == false) || answer.Allowed ? "the model is not suspended under this epoch" : null;
                case Answer.Exhausted:
                    return answer.Allowed || Candidates(decision.Epoch).TrueForAll(number => Decide(number, decision).Effect == "deny")
                        ? "no limit is asked where the policies deny, and none allows that has nothing left" : null;
                default:
                    return tenant == true || agent == true || models.Contains(true) ? "under this epoch there is a suspension" : RefuteByPolicies(decision, answer);
            }
        }

        private string? RefuteByPolicies(Call decision, Answer answer)
        {
            var candidates = Candidates(decision.Epoch);
            var verdict = new Verdict(answer.Effect, answer.Rule, answer.Index, answer.Policy, answer.Reason, answer.Tried);
            var document = candidates.FirstOrDefault(number => Decide(number, decision) == verdict, -1);
            if (document < 0)
            {
                return $"the evaluator says {string.Join(" or ", candidates.Select(number => $"{Decide(number, decision)} (document {number})"))}";
            }

            if (answer.Allowed != (answer.Effect != "deny"))
            {
                return "decision and effect contradict each other";
            }

            // A version is one text, whoever says so and whenever.
            var named = $"{answer.Policy} {(answer.Policy == _policies[0].Name ? 0 : document)}";
            return answer.Policy.Length == 0 || answer.Policy == _policies[0].Name || !IsOtherText(answer.Version, named)
                ? null
                : $"version {answer.Version} is document {_versions[answer.Version]} elsewhere";
        }

        private bool IsOtherText(long version, string named) => !_versions.TryAdd(version, named) && _versions[version] != named;

        // What may be in force under an epoch, above the one that never changes: the newest publish acknowledged with it or before, or one of
        // which nobody knows what became.
        private List<int> Candidates(ulong epoch)
        {
            var newest = _publishes.FindLastIndex(publish => publish.Epoch <= epoch);
            List<int> acknowledged = [newest < 0 ? 0 : _publishes[newest].Asked.Document];
            return [.. acknowledged, .. _unknown.Where(publish => publish.After < epoch).Select(publish => publish.Document)];
        }

        private static ulong NewestBefore(List<Call> changes, long at) =>
            changes.Where(call => call.IsOk && call.Completed < at).Select(call => call.Epoch).DefaultIfEmpty(0UL).Max();

        private Verdict Decide(int document, Call decision)
        {
            var key = (document, decision.Agent, decision.Asked.Action, decision.Asked.Resource);
            if (!_verdicts.TryGetValue(key, out var verdict))
            {
                var request = new EvaluationRequest
                {
                    AgentId = decision.Agent,
                    Action = decision.Asked.Action,
                    Resource = decision.Asked.Resource,
                    Now = DateTimeOffset.UnixEpoch,
                };
                _verdicts[key] = verdict = NaiveEvaluator.Decide(document == 0 ? [_policies[0]] : [_policies[document], _policies[0]], Effect.Deny, request);
            }

            return verdict;
        }

        // Null: it cannot be told, because nobody knows what became of a change, or when.
        private bool? IsSuspended(string agent, string model, ulong epoch)
        {
            if (_suspensions[(agent, model)].Any(call => call.IsUnknown))
            {
                return null;
            }

            var last = _suspensions[(agent, model)].Where(call => call.IsOk && call.Epoch <= epoch).MaxBy(call => call.Epoch);
            return last?.Operation is Operation.SuspendAgent or Operation.SuspendTenant or Operation.SuspendModel;
        }

        public override string ToString() => _tenant.Id;
    }
}
