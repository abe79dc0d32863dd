using System.CommandLine;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Audit;

/// <summary><c>cz audit show</c>.</summary>
internal static class DecisionCommand
{
    public static Command Create(CommandRunner runner)
    {
        var id = new Argument<string>("decision-id") { Description = "The decision, as answered in `decision_id`." };
        var command = new Command("show", "Shows what the log has of one decision. The last event is what the caller was answered.") { id };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var found = await run.Client.Audit.GetDecisionAsync(new GetDecisionRequest { DecisionId = run.Value(id) }, cancellationToken: cancellationToken);
            if (run.Report.IsJson)
            {
                run.Report.Json(new { Events = found.Events.Select(EventShapes.Of) });
                return ExitCodes.Ok;
            }

            foreach (var audited in found.Events)
            {
                Print(run.Report, audited);
            }

            return ExitCodes.Ok;
        });
        return command;
    }

    private static void Print(Report report, AuditEvent audited) => report.Facts(
        ("event", audited.Kind.ToString().ToLowerInvariant()),
        ("decision", Shapes.Word(audited.Decision)),
        ("effect", audited.Effect),
        ("reason code", audited.ReasonCode),
        ("reason", audited.Reason),
        ("time", Shapes.Instant(audited.Time)),
        ("agent", audited.AgentId),
        ("action", audited.Action),
        ("resource", audited.Resource),
        ("candidates", string.Join(' ', audited.CandidateResources)),
        ("denied resource", audited.DeniedResource),
        ("policy", audited.Policy.Length > 0 ? $"{audited.Policy}, version {Shapes.Number(audited.PolicyVersion)}" : ""),
        ("rule", audited.RuleId),
        ("in shadow", Shapes.InWords(audited.Shadow)),
        ("policy epoch", audited.PolicyEpoch.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        ("obligations", string.Join(' ', audited.Obligations)),
        ("charged", string.Join(", ", audited.Charged.Select(charge => $"{Shapes.Number(charge.Units)} of {charge.Limit} ({charge.Metric})"))),
        ("request id", audited.RequestId),
        ("key", audited.KeyId),
        ("context", audited.ContextSha256),
        ("flags", string.Join(' ', Flags(audited))),
        ("redacted", string.Join(' ', audited.Redacted)),
        ("written", $"{audited.Silo}, generation {Shapes.Number(audited.Generation)}, record {Shapes.Number(audited.Sequence)}"));

    private static IEnumerable<string> Flags(AuditEvent audited) =>
        new[] { (audited.DryRun, "dry_run"), (audited.Replayed, "replayed"), (audited.Late, "late") }.Where(flag => flag.Item1).Select(flag => flag.Item2);
}
