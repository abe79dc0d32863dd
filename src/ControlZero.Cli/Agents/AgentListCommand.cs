using System.CommandLine;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Agents;

/// <summary><c>cz agent list</c>.</summary>
internal static class AgentListCommand
{
    private const int Most = 10_000_000;
    private const int PageSize = 1000;

    public static Command Create(CommandRunner runner)
    {
        var prefix = new Option<string?>("--prefix") { Description = "Only agents whose id begins with this.", HelpName = "text" };
        var limit = new Option<int>("--limit") { Description = $"At most so many, 1 to {Most}. Default: 1000.", HelpName = "number", DefaultValueFactory = _ => PageSize };
        var command = new Command("list", "Lists the agents that are registered or suspended, by id.") { prefix, limit };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var wanted = run.Value(limit) is >= 1 and <= Most and var number ? number : throw CommandFailure.Usage($"--limit is not from 1 to {Most}");
            var agents = new List<Agent>();
            var request = new ListAgentsRequest { AgentIdPrefix = run.Value(prefix) ?? "" };
            do
            {
                request.PageSize = Math.Min(wanted - agents.Count, PageSize);
                var page = await run.Client.Agents.ListAgentsAsync(request, cancellationToken: cancellationToken);
                agents.AddRange(page.Agents);
                request.PageToken = page.NextPageToken;
            }
            while (request.PageToken.Length > 0 && agents.Count < wanted);

            Show(run.Report, agents, request.AgentIdPrefix, more: request.PageToken.Length > 0);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static void Show(Report report, List<Agent> agents, string prefix, bool more)
    {
        if (report.IsJson)
        {
            report.Json(new { Agents = agents.Select(Shapes.Of), More = more });
        }
        else if (agents.Count == 0)
        {
            report.Words(prefix.Length == 0 ? "no agent is registered; register one with `cz agent put ID`" : $"no agent's id begins with `{prefix}`");
        }
        else
        {
            report.Table(
                ["AGENT", "VERSION", "UPDATED", "SUSPENDED", "LIMITS", "LABELS"],
                agents.Select(agent => new[]
                {
                    agent.AgentId,
                    agent.Version == 0 ? "not registered" : Shapes.Number(agent.Version),
                    Shapes.Instant(agent.UpdatedAt) ?? "",
                    agent.Suspension is null ? "" : "yes",
                    agent.Limits.Count == 0 ? "" : Shapes.Number(agent.Limits.Count),
                    string.Join(" ", agent.Labels.OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value}")),
                }));
        }

        if (more)
        {
            report.Words("there may be more; raise --limit, or narrow with --prefix");
        }
    }
}
