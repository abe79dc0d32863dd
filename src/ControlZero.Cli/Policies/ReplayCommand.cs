using System.CommandLine;
using ControlZero.Cli.Audit;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Client;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Policies;

/// <summary><c>cz policy replay</c>.</summary>
internal static class ReplayCommand
{
    // Longer than the cluster lets one run.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(11);

    public static Command Create(CommandRunner runner)
    {
        var file = new Argument<string>("file") { Description = "The draft, JSON or YAML; `-` reads stdin." };
        var since = EventTime.Option("--since", "The earliest decision: RFC 3339, or how long ago, for example `24h`. Default: the beginning of the log.");
        var until = EventTime.Option("--to", "The latest decision, exclusive. Default: now.");
        var agent = new Option<string?>("--agent") { Description = "Exactly this agent's decisions. Default: all agents'.", HelpName = "id" };
        var events = new Option<int>("--limit") { Description = "At most so many decisions, to 1,000,000. Default: 10,000.", HelpName = "number" };
        var examples = new Option<int>("--examples") { Description = "At most so many examples of each kind, to 100. Default: 10.", HelpName = "number" };
        var command = new Command("replay", "Holds a draft against past decisions and says what would change. Nothing is changed, charged or recorded.")
        {
            file, since, until, agent, events, examples,
        };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var request = new ReplayPolicyRequest
            {
                Document = PolicyFiles.Read(run.Host, run.Value(file)),
                AgentId = run.Value(agent) ?? "",
                From = run.Value(since)?.At(run.Host.Clock),
                To = run.Value(until)?.At(run.Host.Clock),
                MaxEvents = run.Value(events),
                MaxExamples = run.Value(examples),
            };
            try
            {
                var last = await ProgressBar.RunAsync(run.Host, "replaying", bar => RunAsync(run, request, bar, cancellationToken));
                Show(run, run.Value(file), last);
                return last.UnreachableSilos.Count == 0 ? ExitCodes.Ok : ExitCodes.Failed;
            }
            catch (ControlZeroException refused) when (refused.Findings.Count > 0)
            {
                var checkedFile = new CheckedFile(run.Value(file), false, [.. refused.Findings.Select(Finding.Of)]);
                return checkedFile.Write(run.Report, "the draft is refused; nothing was replayed");
            }
        });
        return command;
    }

    private static async Task<ReplayPolicyResponse> RunAsync(Invocation run, ReplayPolicyRequest request, ProgressBar bar, CancellationToken cancellationToken)
    {
        // gRPC holds deadlines against the system's clock.
        var deadline = TimeProvider.System.GetUtcNow().UtcDateTime + (run.TimeoutOption ?? Patience);
        using var replay = run.Client.Policies.ReplayPolicy(request, deadline: deadline, cancellationToken: cancellationToken);
        while (await replay.ResponseStream.MoveNext(cancellationToken))
        {
            var told = replay.ResponseStream.Current;
            if (told.Done)
            {
                return told;
            }

            bar.Said($"{told.Counts.Decisions} decisions, back to {Shapes.Instant(told.LookedBackTo)}");
        }

        throw new CommandFailure(ExitCodes.Failed, "REPLAY_CUT", "the replay ended before its last message; try again");
    }

    private static void Show(Invocation run, string file, ReplayPolicyResponse last)
    {
        var report = run.Report;
        if (report.IsJson)
        {
            report.Json(ReplayShapes.Of(last));
        }
        else
        {
            last.Diagnostics.Select(Finding.Of).ToList().ForEach(finding => report.Words(finding.Describe(file)));
            report.Facts(ReplayShapes.Facts(last));
            Table(report, ReplayShapes.ChangeColumns, last.Changes.Select(ReplayShapes.Row));
            Table(report, ReplayShapes.ExampleColumns, last.Examples.Select(ReplayShapes.Row));
            report.Words("limits, suspensions and unregistered agents are not replayed; what hangs on facts that the log does not hold is undecidable");
        }

        if (last.Stopped.Length > 0)
        {
            report.Words($"older decisions were not looked at ({last.Stopped}): raise --limit, or ask for a part with --since, --to and --agent");
        }

        QueryCommand.Warn(run, last.UnreachableSilos);
    }

    private static void Table(Report report, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        var all = rows.ToList();
        if (all.Count > 0)
        {
            report.Line("");
            report.Table(columns, all);
        }
    }
}
