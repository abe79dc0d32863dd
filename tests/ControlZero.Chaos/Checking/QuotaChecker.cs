using ControlZero.Chaos.Records;
using ControlZero.Engine.Policies;
using ControlZero.Engine.Quotas;

namespace ControlZero.Chaos.Checking;

/// <summary>
/// Counts the allows that callers received, by limit, whose it is and window, and holds each count against the limit as it was published; what
/// servers say was used plays no part. A policy with limits never changes in a run.
/// </summary>
internal sealed class QuotaChecker : IChecker
{
    public string Name => "quota";

    public string Promise => "no limit is over-granted in any window, and every call under a limit says in which window it was charged";

    public IEnumerable<Violation> Check(History history)
    {
        var granted = new Dictionary<(string Tenant, string Limit, string Agent, long Ends), long>();
        var limits = LimitsOf(history);
        foreach (var call in history.Decisions.Where(call => call.Answer is { Allowed: true, Replayed: false }).OrderBy(call => call.Completed))
        {
            foreach (var limit in limits[call.Tenant].Where(limit => limit.Applies(call.Asked.Action, call.Asked.Resource)))
            {
                var window = call.Answer!.Windows?.FirstOrDefault(window => window.Limit == limit.Key.Name);
                if (window is null)
                {
                    yield return new Violation(Name, call.Completed, $"allowed without being charged under `{limit.Key.Name}`: {call}");
                    continue;
                }

                var key = (call.Tenant, limit.Key.Name, limit.Scope == QuotaScope.Agent ? call.Agent : "", window.Ends);
                var count = granted[key] = granted.GetValueOrDefault(key) + 1;
                if (count > limit.Limit)
                {
                    yield return new Violation(Name, call.Completed, $"granted {count} of {limit.Limit} under `{limit.Key.Name}` in the window that ends at {window.Ends} ms: {call}");
                }
            }
        }
    }

    /// <summary>How many windows of limits were brought to their end: somebody was told that nothing is left.</summary>
    public static int Exhausted(History history)
    {
        var limits = LimitsOf(history);
        return history.Decisions.Where(call => call.Answer!.Reason == Answer.Exhausted)
            .SelectMany(call => limits[call.Tenant].Where(limit => limit.Applies(call.Asked.Action, call.Asked.Resource)), (call, limit) =>
                (call.Tenant, limit.Key.Name, limit.Scope == QuotaScope.Agent ? call.Agent : "", call.Answer!.Windows?.FirstOrDefault(window => window.Limit == limit.Key.Name)?.Ends))
            .Distinct()
            .Count();
    }

    /// <summary>Whether anybody has a limit.</summary>
    public static bool HasLimits(History history) => LimitsOf(history).Values.Any(limits => limits.Count > 0);

    private static Dictionary<string, IReadOnlyList<QuotaLimit>> LimitsOf(History history) => history.Tenants.Values.ToDictionary(
        tenant => tenant.Id,
        tenant => (IReadOnlyList<QuotaLimit>)[.. tenant.Documents.Values.SelectMany(text => PolicyParser.Parse(text).Document!.Limits)]);
}
