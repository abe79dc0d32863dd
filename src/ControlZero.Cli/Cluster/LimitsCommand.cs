using System.CommandLine;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Cluster;

/// <summary><c>cz limits</c>.</summary>
internal static class LimitsCommand
{
    public static Command Create(CommandRunner runner)
    {
        var command = new Command("limits", "Shows every limit a request is held against.");
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var answer = await run.Client.Cluster.GetLimitsAsync(new GetLimitsRequest(), cancellationToken: cancellationToken);
            if (run.Report.IsJson)
            {
                run.Report.Json(new { Limits = answer.Limits.Select(limit => new { limit.Name, limit.Value, limit.Unit, limit.Description }) });
            }
            else
            {
                run.Report.Table(
                    ["LIMIT", "VALUE", "UNIT", "OF"],
                    answer.Limits.Select(limit => new[] { limit.Name, Shapes.Number(limit.Value), limit.Unit, limit.Description }));
            }

            return ExitCodes.Ok;
        });
        return command;
    }
}
