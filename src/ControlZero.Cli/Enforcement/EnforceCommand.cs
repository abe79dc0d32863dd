using System.CommandLine;
using System.Globalization;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Client;

namespace ControlZero.Cli.Enforcement;

/// <summary><c>cz enforce</c>: the question itself, counted and recorded like any other.</summary>
internal static class EnforceCommand
{
    public static Command Create(CommandRunner runner)
    {
        var question = new QuestionOptions();
        var obligations = new Option<string[]>("--obligations")
        {
            Description = "Obligations your script honours when it acts. An allow with any other is a deny.",
            HelpName = "a,b",
        };
        var dryRun = new Option<bool>("--dry-run") { Description = "Decide without counting, charging or registering the agent." };
        var command = new Command("enforce", "Asks whether an agent may act: exit code 0 allowed, 3 denied, anything else no decision.") { obligations, dryRun };
        foreach (var option in question.All)
        {
            command.Add(option);
        }

        runner.Bind(command, async (run, cancellationToken) =>
        {
            var query = question.Query(run) with { DryRun = run.Value(dryRun) };
            var honoured = (run.Value(obligations) ?? []).SelectMany(list => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
            var decision = await AskAsync(run.Connect(honoured), query, cancellationToken);
            if (run.Report.IsJson)
            {
                run.Report.Json(Shapes.Of(decision));
            }
            else
            {
                Print(run, decision);
            }

            return decision switch
            {
                { Allowed: true } => ExitCodes.Ok,
                { Source: DecisionSource.Client, ReasonCode: "STATE_UNAVAILABLE" } => ExitCodes.Failed,
                _ => ExitCodes.Denied,
            };
        });
        return command;
    }

    private static async Task<EnforceDecision> AskAsync(ControlZeroClient client, EnforceQuery query, CancellationToken cancellationToken)
    {
        try
        {
            return await client.CheckAsync(query, cancellationToken);
        }
        catch (ArgumentException error)
        {
            throw CommandFailure.Usage(error.Message);
        }
    }

    private static void Print(Invocation run, EnforceDecision decision)
    {
        run.Report.Facts(
            ("decision", decision.Allowed ? "allow" : "deny"),
            ("effect", decision.Effect),
            ("reason code", decision.ReasonCode),
            ("reason", decision.Reason),
            ("policy", decision.Policy.Length == 0 ? null : $"{decision.Policy} (version {Shapes.Number(decision.PolicyVersion)})"),
            ("rule", decision.RuleIndex is { } index ? $"{decision.RuleId} (index {index.ToString(CultureInfo.InvariantCulture)})" : decision.RuleId),
            ("denied resource", decision.DeniedResource),
            ("in shadow", Shapes.Turning(decision.Allowed, decision.ReasonCode, Shapes.ShadowOf(decision))),
            ("obligations", string.Join(" ", decision.Obligations.Select(obligation => obligation.Name))),
            ("ask again in", decision.RetryAfter is { } pause ? LimitRows.Span(pause) : null),
            ("reservation", decision.Reservation?.Token),
            ("held until", Shapes.Instant(decision.Reservation?.ExpiresAt)),
            ("decision id", decision.DecisionId),
            ("request id", decision.RequestId));
        if (decision.Limits.Count > 0)
        {
            run.Report.Line("");
            run.Report.Table(LimitRows.Columns, LimitRows.Of(decision.Limits.Select(LimitRows.StateOf), run.Host.Clock.GetUtcNow()));
        }
    }
}
