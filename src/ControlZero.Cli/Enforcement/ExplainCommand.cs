using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Enforcement;

/// <summary><c>cz explain</c>: every rule that was tried, and why.</summary>
internal static class ExplainCommand
{
    public static Command Create(CommandRunner runner)
    {
        var question = new QuestionOptions();
        var command = new Command("explain", "Shows every rule that is tried for a question, and why. Never counted.");
        foreach (var option in question.All)
        {
            command.Add(option);
        }

        runner.Bind(command, async (run, cancellationToken) =>
        {
            var request = new ExplainRequest { Request = question.Request(run) };
            var answer = await run.Client.Enforcement.ExplainAsync(request, cancellationToken: cancellationToken);
            var response = answer.Response ?? new EnforceResponse();
            if (run.Report.IsJson)
            {
                run.Report.Json(new { Response = Shapes.Of(response), Trials = answer.Trials.Select(Shape), answer.Truncated, Limits = answer.Limits.Select(Shape) });
            }
            else
            {
                Print(run, response, answer);
            }

            return ExitCodes.Ok;
        });
        return command;
    }

    private static object Shape(RuleTrial trial) => new
    {
        trial.Policy,
        trial.PolicyVersion,
        trial.RuleId,
        trial.RuleIndex,
        trial.Effect,
        Outcome = Word(trial.Outcome),
        trial.Detail,
    };

    private static object Shape(LimitTrial limit) => new { Limit = LimitRows.Shape(limit.State), limit.Units, limit.Denies };

    private static void Print(Invocation run, EnforceResponse response, ExplainResponse answer)
    {
        var report = run.Report;
        report.Facts(
            ("decision", Shapes.Word(response.Decision)),
            ("reason code", response.ReasonCode),
            ("reason", response.Reason),
            ("rule", response.RuleId),
            ("in shadow", Shapes.InWords(response.Shadow)));
        report.Line("");
        report.Table(
            ["POLICY", "INDEX", "RULE", "EFFECT", "OUTCOME", "DETAIL"],
            answer.Trials.Select(trial => new[]
            {
                $"{trial.Policy}@{Shapes.Number(trial.PolicyVersion)}",
                trial.RuleIndex.ToString(CultureInfo.InvariantCulture),
                trial.RuleId,
                trial.Effect,
                Word(trial.Outcome),
                trial.Detail,
            }));
        if (answer.Limits.Count > 0)
        {
            report.Line("");
            report.Table(
                [.. LimitRows.Columns, "WOULD TAKE", "OUTCOME"],
                LimitRows.Of(answer.Limits.Select(limit => limit.State), run.Host.Clock.GetUtcNow())
                    .Zip(answer.Limits, (row, limit) => (string[])[.. row, LimitRows.Amount(limit.Units, limit.State.Unit), limit.Denies ? "denies" : "allows"]));
        }

        if (answer.Truncated)
        {
            report.Line("");
            report.Line($"{Shapes.Number(answer.Trials.Count)} of {Shapes.Number(response.EvaluatedRules)} rules are shown, with the one that decided");
        }
    }

    private static string Word(TrialOutcome outcome) => JsonNamingPolicy.SnakeCaseLower.ConvertName(outcome.ToString());
}
