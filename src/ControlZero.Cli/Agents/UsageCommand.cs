using System.CommandLine;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Agents;

/// <summary><c>cz usage</c>.</summary>
internal static class UsageCommand
{
    public static Command Create(CommandRunner runner)
    {
        var agent = new Argument<string?>("agent")
        {
            Description = "The agent. Default: $CONTROLZERO_AGENT_ID, else the one the key is bound to.",
            Arity = ArgumentArity.ZeroOrOne,
            DefaultValueFactory = _ => null,
        };
        var command = new Command("usage", "Shows what an agent has been answered so far, its limits and what is left of them.") { agent };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var request = new GetUsageRequest { AgentId = run.Value(agent) ?? run.AgentOfEnvironment ?? "" };
            var usage = await run.Client.Agents.GetUsageAsync(request, cancellationToken: cancellationToken);
            if (run.Report.IsJson)
            {
                run.Report.Json(new { usage.AgentId, usage.Allowed, usage.Denied, LastDecisionAt = Shapes.Instant(usage.LastDecisionAt), limits = usage.Limits.Select(LimitRows.Shape) });
                return ExitCodes.Ok;
            }

            run.Report.Facts(
                ("agent", usage.AgentId),
                ("allowed", Shapes.Number(usage.Allowed)),
                ("denied", Shapes.Number(usage.Denied)),
                ("last decision", Shapes.Instant(usage.LastDecisionAt) ?? "never"));
            if (usage.Limits.Count > 0)
            {
                run.Report.Line("");
                run.Report.Table(LimitRows.Columns, LimitRows.Of(usage.Limits, run.Host.Clock.GetUtcNow()));
            }

            return ExitCodes.Ok;
        });
        return command;
    }
}
