using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Checking;

/// <summary>
/// A question that carries an epoch is never decided under an older one. One without is never allowed, nor denied by a policy, under what was
/// replaced by an acknowledged change more than the bound before it was sent.
/// </summary>
/// <param name="bound">The bound.</param>
internal sealed class EpochChecker(TimeSpan bound) : IChecker
{
    private readonly long _bound = (long)bound.TotalMicroseconds;

    public string Name => "epoch";

    public string Promise => $"never decided under an older epoch than the question carries, nor by what was replaced {bound.TotalSeconds:0.###} s before";

    public IEnumerable<Violation> Check(History history)
    {
        var changes = history.Tenants.Keys.ToDictionary(tenant => tenant, tenant => Acknowledged(history, tenant));
        foreach (var decision in history.Decisions)
        {
            if (decision.Epoch < decision.Asked.MinEpoch)
            {
                yield return new Violation(Name, decision.Completed, $"decided under epoch {decision.Epoch}: {decision}");
            }

            // A server that is stale may still say that somebody is suspended: that is the safe side.
            var isByPolicy = decision.Answer is { IsDecided: true, Reason: not ("AGENT_SUSPENDED" or "TENANT_SUSPENDED" or "MODEL_SUSPENDED") };
            var oldest = Newest(changes[decision.Tenant], decision.Invoked - _bound);
            if (isByPolicy && decision.Epoch < oldest && !history.MayBeStale(decision, _bound))
            {
                yield return new Violation(
                    Name, decision.Completed, $"decided under epoch {decision.Epoch}, although {oldest} was acknowledged more than the bound before: {decision}");
            }
        }
    }

    // By the time it was acknowledged, each with the highest epoch up to then.
    private static List<(long At, ulong Epoch)> Acknowledged(History history, string tenant)
    {
        var newest = 0UL;
        return
        [
            .. history.Calls.Where(call => call.Tenant == tenant && call.Operation != Operation.Enforce && call.IsOk)
                .OrderBy(call => call.Completed)
                .Select(call => (call.Completed, newest = Math.Max(newest, call.Epoch))),
        ];
    }

    private static ulong Newest(List<(long At, ulong Epoch)> changes, long at)
    {
        var (low, high) = (0, changes.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = changes[middle].At < at ? (middle + 1, high) : (low, middle);
        }

        return low == 0 ? 0 : changes[low - 1].Epoch;
    }
}
