using System.CommandLine;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Cluster;

/// <summary><c>cz status</c>.</summary>
internal static class StatusCommand
{
    public static Command Create(CommandRunner runner)
    {
        var command = new Command("status", "Shows what runs, and who is asking.");
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var status = await run.Client.Cluster.GetStatusAsync(new GetStatusRequest(), cancellationToken: cancellationToken);
            var caller = status.Caller ?? new Caller();
            if (run.Report.IsJson)
            {
                run.Report.Json(Shape(status, caller));
            }
            else
            {
                Print(run.Report, status, caller);
            }

            return ExitCodes.Ok;
        });
        return command;
    }

    private static object Shape(GetStatusResponse status, Caller caller) => new
    {
        status.Version,
        StartedAt = Shapes.Instant(status.StartedAt),
        ServerTime = Shapes.Instant(status.ServerTime),
        status.Storage,
        Silos = status.Silos.Select(silo => new { silo.Name, silo.Status, silo.Answering }),
        Caller = new { caller.TenantId, caller.KeyId, Scopes = caller.Scopes.ToArray(), Agents = caller.Agents.ToArray() },
        status.PolicyEpoch,
        status.PoliciesInForce,
    };

    private static void Print(Report report, GetStatusResponse status, Caller caller)
    {
        report.Facts(
            ("version", status.Version),
            ("started", Shapes.Instant(status.StartedAt)),
            ("server time", Shapes.Instant(status.ServerTime)),
            ("storage", status.Storage),
            ("policies in force", Shapes.Number(status.PoliciesInForce)),
            ("policy epoch", status.PolicyEpoch.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ("tenant", caller.TenantId),
            ("key", caller.KeyId),
            ("scopes", string.Join(" ", caller.Scopes)),
            ("agents", caller.Agents.Count == 0 ? "all" : string.Join(" ", caller.Agents)));
        report.Line("");
        report.Table(["SILO", "STATUS", "ANSWERING"], status.Silos.Select(silo => new[] { silo.Name, silo.Status, silo.Answering ? "yes" : "" }));
    }
}
