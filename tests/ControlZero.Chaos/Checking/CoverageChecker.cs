using ControlZero.Chaos.Records;

namespace ControlZero.Chaos.Checking;

/// <summary>
/// What the run set out to do happened: each planned fault began in its phase, with calls under way, and was answered for by decisions of every
/// kind. A run that tested nothing fails.
/// </summary>
internal sealed class CoverageChecker : IChecker
{
    public string Name => "sometimes";

    public string Promise => "each planned fault really began in its phase, and there were allows, denies, suspensions and failed calls to check";

    public IEnumerable<Violation> Check(History history)
    {
        foreach (var plan in history.Lines.Where(line => line.Kind == LineKind.Plan))
        {
            var begun = history.Faults.Where(fault => fault.Fault == plan.Fault && fault.Phase == plan.Phase).ToList();
            if (!begun.Exists(fault => IsInPhase(history, fault)))
            {
                yield return new Violation(
                    Name, 0, begun.Count == 0 ? $"{plan.Fault} never began in phase {plan.Phase}" : $"{plan.Fault} began {begun.Count} times, but never in phase {plan.Phase}");
            }
        }

        var decisions = history.Decisions.ToList();
        var hasModels = history.Calls.Any(call => call.Operation == Operation.SuspendModel);
        var hasLimits = QuotaChecker.HasLimits(history);
        var revoked = history.Calls.Where(call => call.Operation == Operation.RevokeKey).Select(call => call.Key).ToHashSet();
        foreach (var (what, happened) in new (string, bool)[]
        {
            ("allowed by a rule", decisions.Exists(call => call.Answer is { Allowed: true, Index: not null })),
            ("denied by a rule", decisions.Exists(call => call.Answer is { Allowed: false, Index: not null })),
            ("denied as suspended", decisions.Exists(call => call.Answer!.Reason == "AGENT_SUSPENDED")),
            ("denied as of a tenant that is suspended", decisions.Exists(call => call.Answer!.Reason == "TENANT_SUSPENDED")),
            ("denied as of a model that is suspended", !hasModels || decisions.Exists(call => call.Answer!.Reason == "MODEL_SUSPENDED")),
            ("charged under a limit", !hasLimits || decisions.Exists(call => call.Answer is { Allowed: true, Windows.Count: > 0 })),
            ("denied as nothing was left of a limit", !hasLimits || decisions.Exists(call => call.Answer!.Reason == Answer.Exhausted)),
            ("allowed with a key before it was revoked", revoked.Count == 0 || decisions.Exists(call => call.Answer!.Allowed && revoked.Contains(call.Key))),
            ("refused because its key was revoked", revoked.Count == 0 || history.Calls.Any(call => call.IsRefused && revoked.Contains(call.Key))),
            ("decided under an epoch it carried", decisions.Exists(call => call.Asked.MinEpoch > 0)),
            ("asked through a client with all addresses", decisions.Exists(call => call.Asked.Server == 0)),
        })
        {
            if (!happened)
            {
                yield return new Violation(Name, 0, $"no question was {what}");
            }
        }
    }

    /// <summary>Whether a fault began while a call of its phase was under way.</summary>
    internal static bool IsInPhase(History history, FaultSpan fault) => !Enum.TryParse<Operation>(fault.Phase, out var operation)
        || history.Calls.Any(call => call.Operation == operation && call.Invoked <= fault.Begun && fault.Begun <= call.Completed);
}
