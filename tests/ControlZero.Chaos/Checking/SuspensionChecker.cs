using ControlZero.Chaos.Load;
using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Checking;

/// <summary>
/// After a suspension is acknowledged, nothing sent later than the bound is allowed, by whichever server. Tenants that let stale servers
/// allow are held to it while no fault is about.
/// </summary>
/// <param name="bound">The bound.</param>
internal sealed class SuspensionChecker(TimeSpan bound) : LateAllowChecker(bound, "suspended")
{
    public override string Name => "suspension";

    public override string Promise => $"no allow sent more than {Bound / 1e6:0.###} s after an acknowledged suspension";

    protected override IEnumerable<(Call Change, Call Allow)> LateAllows(History history)
    {
        var allows = history.Decisions.Where(call => call.Answer!.Allowed).ToLookup(call => call.Tenant);
        foreach (var changes in history.Calls.Where(IsSuspensionOrResumption).GroupBy(call => (call.Tenant, call.Agent, call.Resource)))
        {
            var ordered = changes.ToList();
            for (var i = 0; i < ordered.Count; i++)
            {
                // A resumption of which nobody knows whether and when it happens makes the rest of this story useless.
                if (IsResumption(ordered[i]) && ordered[i].IsUnknown)
                {
                    break;
                }

                if (IsResumption(ordered[i]) || !ordered[i].IsOk)
                {
                    continue;
                }

                var suspension = ordered[i];
                var resumed = ordered.Skip(i + 1).FirstOrDefault(IsResumption)?.Invoked ?? long.MaxValue;
                foreach (var allow in allows[changes.Key.Tenant])
                {
                    if (IsOf(suspension, allow) && allow.Invoked > suspension.Completed && allow.Completed < resumed && !history.MayBeStale(allow, Bound))
                    {
                        yield return (suspension, allow);
                    }
                }
            }
        }
    }

    // Of a tenant as a whole there is neither agent nor model.
    private static bool IsOf(Call suspension, Call allow) => suspension.Resource.Length > 0
        ? TestPolicies.Stops(suspension.Resource, allow.Resource)
        : suspension.Agent.Length == 0 || suspension.Agent == allow.Agent;

    private static bool IsSuspensionOrResumption(Call call) =>
        call.Operation is Operation.SuspendAgent or Operation.SuspendTenant or Operation.SuspendModel || IsResumption(call);

    private static bool IsResumption(Call call) => call.Operation is Operation.ResumeAgent or Operation.ResumeTenant or Operation.ResumeModel;
}
