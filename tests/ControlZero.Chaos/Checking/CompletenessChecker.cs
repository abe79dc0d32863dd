using System.Globalization;
using ControlZero.Chaos.Records;
using ControlZero.Servers.Audit;

namespace ControlZero.Chaos.Checking;

/// <summary>Holds what callers received against the files of the servers' audit logs, read when all servers had stopped.</summary>
/// <param name="events">What the files hold.</param>
internal sealed class CompletenessChecker(IReadOnlyCollection<LoggedEvent> events) : IChecker
{
    public string Name => "audit";

    public string Promise => "every decision that was received has exactly one event in the log, which equals it; there are others only for calls that came to nothing";

    /// <summary>How many events there are.</summary>
    public int Events => events.Count;

    public IEnumerable<Violation> Check(History history)
    {
        var questions = history.Calls.Where(call => call.Operation == Operation.Enforce).ToList();

        // A client with all addresses asks again under the same id, and tells of the last answer only: an attempt of it may have come to nothing.
        var lost = questions.Where(call => call.Answer is null || call.Asked.Server == 0).Select(call => call.RequestId).ToHashSet();
        return AuditChecker.Check(questions.Where(call => call.Answer is not null).Select(Received), lost, events)
            .Faults.Select(fault => new Violation(Name, 0, fault));
    }

    /// <summary>The answer in the words of the event's members; a member that has its default is left out of an event.</summary>
    internal static ReceivedAnswer Received(Call call)
    {
        var answer = call.Answer!;
        return new ReceivedAnswer
        {
            Tenant = call.Tenant,
            Values = new Dictionary<string, string>
            {
                ["agent"] = call.Agent,
                ["action"] = call.Asked.Action,
                ["resource"] = call.Asked.Resource,
                ["decision_id"] = answer.DecisionId,
                ["request_id"] = call.RequestId,
                ["decision"] = answer.Allowed ? "allow" : "deny",
                ["effect"] = answer.Effect,
                ["reason_code"] = answer.Reason,
                ["reason"] = answer.Words ?? "",
                ["policy"] = answer.Policy,
                ["policy_version"] = answer.Version == 0 ? "" : answer.Version.ToString(CultureInfo.InvariantCulture),
                ["policy_epoch"] = call.Epoch.ToString(CultureInfo.InvariantCulture),
                ["rule_id"] = answer.Rule,
                ["rule_index"] = answer.Index?.ToString(CultureInfo.InvariantCulture) ?? "",
                ["evaluated_rules"] = answer.Tried.ToString(CultureInfo.InvariantCulture),
                ["shadow"] = answer.Shadow ?? "",
                ["reservation"] = answer.Reservation ?? "",
                ["replayed"] = answer.Replayed ? "true" : "",
            },
        };
    }
}
