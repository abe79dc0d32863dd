using System.Globalization;

namespace ControlZero.Servers.Audit;

/// <summary>An answer as a client received it, field by field. Texts as in the event: what is absent is empty.</summary>
public sealed record ReceivedAnswer
{
    /// <summary>The members of an event that say what was answered, in its own words. Lists and numbers as JSON has them.</summary>
    public static IReadOnlyList<string> Fields { get; } =
    [
        "decision_id", "agent", "request_id", "action", "resource", "denied_resource", "decision", "effect", "reason_code", "reason", "policy", "policy_version",
        "policy_epoch", "rule_id", "rule_index", "evaluated_rules", "shadow", "reservation", "dry_run", "replayed",
    ];

    /// <summary>What was said in shadow, as an event's member has it.</summary>
    public static string ShadowOf(bool allowed, string effect, string reasonCode, string policy, long version, string rule)
    {
        var (by, at) = (policy.Length == 0 ? "" : $",\"policy\":\"{policy}\"", version == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $",\"policy_version\":{version}"));
        return $"{{\"decision\":\"{(allowed ? "allow" : "deny")}\",\"effect\":\"{effect}\",\"reason_code\":\"{reasonCode}\"{by}{at},\"rule_id\":\"{rule}\"}}";
    }

    /// <summary>The tenant that asked.</summary>
    public required string Tenant { get; init; }

    /// <summary>What the answer says for each of <see cref="Fields"/>; those that are left out must be absent from the event as well.</summary>
    public required IReadOnlyDictionary<string, string> Values { get; init; }

    /// <summary>The decision.</summary>
    public string DecisionId => Values["decision_id"];

    /// <summary>The request.</summary>
    public string RequestId => Values["request_id"];
}

/// <summary>What the checker found.</summary>
/// <param name="Answers">Answers that were received.</param>
/// <param name="Events">Events in the log.</param>
/// <param name="Amended">Decisions that have an amendment.</param>
/// <param name="Unclaimed">Events of calls whose answer was cancelled or lost.</param>
/// <param name="Faults">What must not be, a sentence each.</param>
public sealed record AuditFindings(int Answers, int Events, int Amended, int Unclaimed, IReadOnlyList<string> Faults)
{
    /// <summary>The figures in a line.</summary>
    public override string ToString() =>
        $"{Answers} answers received, {Events} events in the log, {Amended} decisions amended, {Unclaimed} events of calls cancelled or lost, {Faults.Count} faults";
}

/// <summary>
/// Holds answers that clients received against the files of the log: each has exactly one event (or an event and its amendment) and the last one equals it;
/// further events belong to calls that an outside record marks cancelled or lost; no record is there twice.
/// </summary>
public static class AuditChecker
{
    private const int MostFaults = 50;

    /// <summary>Checks.</summary>
    /// <param name="answers">What clients received.</param>
    /// <param name="lost">Request ids of calls that were cancelled, failed or never answered, as their callers recorded it.</param>
    /// <param name="events">What the files hold.</param>
    public static AuditFindings Check(IEnumerable<ReceivedAnswer> answers, IReadOnlySet<string> lost, IReadOnlyCollection<LoggedEvent> events)
    {
        var faults = new List<string>();
        foreach (var twice in events.GroupBy(logged => (logged.Silo, logged.Generation, logged.Sequence)).Where(same => same.Count() > 1))
        {
            faults.Add($"record {twice.Key} is there {twice.Count()} times: {string.Join(", ", twice.Select(logged => logged.File))}");
        }

        var byDecision = events
            .GroupBy(logged => logged.Text("decision_id"))
            .ToDictionary(decision => decision.Key, decision => decision.OrderBy(logged => logged.Generation).ThenBy(logged => logged.Sequence).ToList());
        var claimed = new HashSet<string>();
        var received = 0;
        foreach (var answer in answers)
        {
            received++;
            if (!claimed.Add(answer.DecisionId))
            {
                faults.Add($"two answers have the decision id {answer.DecisionId}");
            }
            else if (!byDecision.TryGetValue(answer.DecisionId, out var logged))
            {
                faults.Add($"answer {answer.DecisionId} of request {answer.RequestId} has no event");
            }
            else
            {
                faults.AddRange(Compare(answer, logged));
            }
        }

        var unclaimed = byDecision.Where(decision => !claimed.Contains(decision.Key)).SelectMany(decision => decision.Value).ToList();
        faults.AddRange(unclaimed.Where(logged => !lost.Contains(logged.Text("request_id")))
            .Select(logged => $"event {logged.Text("decision_id")} of request {logged.Text("request_id")} has no answer, and its call was neither cancelled nor lost"));
        var amended = byDecision.Values.Count(decision => decision.Exists(logged => logged.Text("kind") == "amendment"));
        return new AuditFindings(received, events.Count, amended, unclaimed.Count, [.. faults.Take(MostFaults)]);
    }

    private static IEnumerable<string> Compare(ReceivedAnswer answer, List<LoggedEvent> logged)
    {
        var kinds = string.Join(", ", logged.Select(each => each.Text("kind")));
        if (kinds is not ("decision" or "decision, amendment"))
        {
            yield return $"answer {answer.DecisionId} has the events {kinds}";
        }

        var last = logged[^1];
        if (last.Tenant != answer.Tenant)
        {
            yield return $"answer {answer.DecisionId} of `{answer.Tenant}` is recorded for `{last.Tenant}`";
        }

        foreach (var field in ReceivedAnswer.Fields)
        {
            var said = answer.Values.GetValueOrDefault(field, "");
            if (last.Text(field) != said)
            {
                yield return $"answer {answer.DecisionId}: {field} is `{said}`, recorded is `{last.Text(field)}`";
            }
        }
    }
}
