using System.CommandLine;
using System.Globalization;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Cli.Agents;

/// <summary><c>cz agent adjust</c>: units given or taken for a time.</summary>
internal static class AdjustCommand
{
    private const decimal NanosPerDollar = 1_000_000_000;
    private const decimal MostUnits = 1_000_000_000_000_000;

    public static Command Create(CommandRunner runner)
    {
        var id = new Argument<string>("id") { Description = "The agent." };
        var limit = new Argument<string>("limit") { Description = "The limit, as `cz usage` names it.", HelpName = "policy/limit" };
        var amount = new Argument<string>("amount") { Description = "What to add, for example `500`, or dollars, `$2.50`; `-500` takes away, behind `--`." };
        var reason = new Option<string>("--reason") { Description = "Why; kept with the adjustment.", HelpName = "text", Required = true };
        var expires = new Option<TimeSpan?>("--for") { Description = "For how long. Default: until the limit's window ends.", HelpName = "time", CustomParser = Connection.Durations.Parse };
        var request = new Option<string?>("--request-id") { Description = "Given again, it adjusts once. Default: a new one.", HelpName = "id" };
        var command = new Command("adjust", "Gives or takes units of one limit, for a time.") { id, limit, amount, reason, expires, request };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var slash = run.Value(limit).LastIndexOf('/');
            if (slash < 0 || slash == run.Value(limit).Length - 1)
            {
                throw CommandFailure.Usage($"`{run.Value(limit)}` names no limit; write policy/limit, as `cz usage` shows it, or /limit for one of the agent's own");
            }

            var message = new AdjustQuotaRequest
            {
                AgentId = run.Value(id),
                Policy = run.Value(limit)[..slash],
                Limit = run.Value(limit)[(slash + 1)..],
                Delta = ReadAmount(run.Value(amount)),
                Reason = run.Value(reason)!,
                RequestId = run.Value(request) ?? Guid.NewGuid().ToString(),
            };
            if (run.Value(expires) is { } time)
            {
                message.ExpiresIn = time.ToDuration();
            }

            return Show(run, await run.Client.Agents.AdjustQuotaAsync(message, cancellationToken: cancellationToken));
        });
        return command;
    }

    /// <summary>Units, or dollars as nano-dollars.</summary>
    public static long ReadAmount(string text)
    {
        var isMoney = text.Contains('$', StringComparison.Ordinal);
        var digits = text.Replace("$", "", StringComparison.Ordinal);
        if (decimal.TryParse(digits, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var figure)
            && Math.Abs(figure) <= MostUnits)
        {
            var units = isMoney ? figure * NanosPerDollar : figure;
            if (units == decimal.Truncate(units) && units != 0 && Math.Abs(units) <= MostUnits)
            {
                return (long)units;
            }
        }

        throw CommandFailure.Usage($"`{text}` is no amount; write whole units, for example `500`, or dollars with at most 9 decimals, for example `$2.50`; not 0");
    }

    private static int Show(Invocation run, AdjustQuotaResponse answer)
    {
        if (run.Report.IsJson)
        {
            run.Report.Json(new { limit = LimitRows.Shape(answer.Limit), ExpiresAt = Shapes.Instant(answer.ExpiresAt), answer.Replayed });
            return ExitCodes.Ok;
        }

        run.Report.Table(LimitRows.Columns, LimitRows.Of([answer.Limit], run.Host.Clock.GetUtcNow()));
        run.Report.Words($"until {Shapes.Instant(answer.ExpiresAt)}{(answer.Replayed ? "; it had been adjusted with this id before" : "")}");
        return ExitCodes.Ok;
    }
}
