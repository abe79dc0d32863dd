using System.CommandLine;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Engine.Quotas;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Agents;

/// <summary><c>cz agent put</c>, <c>show</c>, <c>list</c>, <c>delete</c>, <c>suspend</c>, <c>resume</c> and <c>adjust</c>.</summary>
internal static class AgentCommands
{
    public static Command Create(CommandRunner runner) => new("agent", "Registers agents, shows, stops and deletes them.")
    {
        CreatePut(runner), CreateShow(runner), AgentListCommand.Create(runner), CreateDelete(runner), CreateSuspend(runner), CreateResume(runner), AdjustCommand.Create(runner),
    };

    private static Command CreatePut(CommandRunner runner)
    {
        var id = new Argument<string>("id") { Description = "The agent." };
        var labels = new Option<string[]>("--label") { Description = "A label for conditions; may be repeated. They replace the labels the agent had.", HelpName = "name=value" };
        var expected = new Option<long?>("--expected-version") { Description = "The version the agent must have; 0: it must not exist yet.", HelpName = "number" };
        var limits = new Option<string?>("--limits") { Description = "A file with `limits` of the agent's own, as a policy writes them; they replace the ones it had. `none` takes them away. Default: they stay.", HelpName = "file" };
        var command = new Command("put", "Registers an agent, or replaces its labels and limits.") { id, labels, limits, expected };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var request = new PutAgentRequest { AgentId = run.Value(id) };
            foreach (var (name, value) in (run.Value(labels) ?? []).Select(ReadLabel))
            {
                if (!request.Labels.TryAdd(name, value))
                {
                    throw CommandFailure.Usage($"the label `{name}` is given twice; give it once");
                }
            }

            if (run.Value(limits) is { } file)
            {
                request.Limits = file == "none" ? new AgentLimits() : AgentLimitFile.Read(run.Host, file);
            }

            if (run.Value(expected) is { } version)
            {
                request.ExpectedVersion = version;
            }

            var answer = await run.Client.Agents.PutAgentAsync(request, cancellationToken: cancellationToken);
            return Show(run.Report, answer.Agent);
        });
        return command;
    }

    private static Command CreateShow(CommandRunner runner)
    {
        var id = new Argument<string>("id") { Description = "The agent." };
        var command = new Command("show", "Shows an agent and its labels.") { id };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var answer = await run.Client.Agents.GetAgentAsync(new GetAgentRequest { AgentId = run.Value(id) }, cancellationToken: cancellationToken);
            return Show(run.Report, answer.Agent);
        });
        return command;
    }

    private static Command CreateDelete(CommandRunner runner)
    {
        var id = new Argument<string>("id") { Description = "The agent." };
        var expected = new Option<long?>("--expected-version") { Description = "The version the agent must have. Default: whatever it has.", HelpName = "number" };
        var command = new Command("delete", "Deletes an agent with its labels, limits and counters. A suspension stays, and so does what it used of limits.") { id, expected };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var request = new DeleteAgentRequest { AgentId = run.Value(id) };
            if (run.Value(expected) is { } version)
            {
                request.ExpectedVersion = version;
            }

            var answer = await run.Client.Agents.DeleteAgentAsync(request, cancellationToken: cancellationToken);
            if (run.Report.IsJson)
            {
                run.Report.Json(new { answer.Suspended });
                return ExitCodes.Ok;
            }

            run.Report.Facts([("agent", request.AgentId), ("outcome", "it is deleted")]);
            if (answer.Suspended)
            {
                run.Report.Words($"it stays suspended, also when it is used or registered again; `cz agent resume {request.AgentId}` lifts that");
            }

            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command CreateSuspend(CommandRunner runner)
    {
        var id = new Argument<string>("id") { Description = "The agent. It need not be registered." };
        var reason = SuspensionReport.ReasonOption();
        var command = new Command("suspend", "Stops an agent, whatever the policies say, until it is resumed.") { id, reason };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var request = new SuspendAgentRequest { AgentId = run.Value(id), Reason = run.Value(reason) ?? "" };
            var answer = await run.Client.Agents.SuspendAgentAsync(request, cancellationToken: cancellationToken);
            return SuspensionReport.WriteSuspended(
                run.Report, ("agent", request.AgentId), answer.Suspension, answer.Unchanged, answer.PolicyEpoch, answer.Acknowledgement);
        });
        return command;
    }

    private static Command CreateResume(CommandRunner runner)
    {
        var id = new Argument<string>("id") { Description = "The agent." };
        var command = new Command("resume", "Lets a suspended agent go on.") { id };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var request = new ResumeAgentRequest { AgentId = run.Value(id) };
            var answer = await run.Client.Agents.ResumeAgentAsync(request, cancellationToken: cancellationToken);
            return SuspensionReport.WriteResumed(
                run.Report, ("agent", request.AgentId), answer.Unchanged, answer.PolicyEpoch, answer.Acknowledgement);
        });
        return command;
    }

    private static int Show(Report report, Agent agent)
    {
        if (report.IsJson)
        {
            report.Json(new { agent = Shapes.Of(agent) });
            return ExitCodes.Ok;
        }

        report.Facts([
            ("agent", agent.AgentId),
            ("version", Shapes.Number(agent.Version)),
            ("labels", string.Join(" ", agent.Labels.OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value}"))),
            .. agent.Limits.Select(limit => ("limit", Describe(limit))),
            ("created", Shapes.Instant(agent.CreatedAt)),
            ("updated", Shapes.Instant(agent.UpdatedAt)),
            .. SuspensionReport.FactsOf(agent.Suspension),
        ]);
        return ExitCodes.Ok;
    }

    private static string Describe(AgentLimit limit)
    {
        var unit = QuotaMetrics.TryParse(limit.Metric, out var metric) ? metric.ToUnit() : limit.Metric;
        var window = limit.Window.Length == 0 ? "at a time" : $"per {limit.Window}{(limit.Timezone.Length == 0 ? "" : $" ({limit.Timezone})")}";
        return $"{limit.Name}: {LimitRows.Amount(limit.Limit, unit)} {limit.Metric} {window}";
    }

    private static KeyValuePair<string, string> ReadLabel(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 ? new(text[..equals], text[(equals + 1)..]) : throw CommandFailure.Usage($"`--label {text}` has no name or no `=`; write `--label team=blue`");
    }
}
