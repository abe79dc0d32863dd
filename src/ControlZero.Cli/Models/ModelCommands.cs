using System.CommandLine;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Models;

/// <summary><c>cz model suspend</c>, <c>resume</c> and <c>list</c>.</summary>
internal static class ModelCommands
{
    private const int PageSize = 1000;

    public static Command Create(CommandRunner runner) => new("model", "Stops models for all agents, and lets them go on.")
    {
        CreateSuspend(runner), CreateResume(runner), CreateList(runner),
    };

    private static Argument<string> ModelArgument() =>
        new("model") { Description = "The model, `model/openai/gpt-4`, or a pattern, `model/openai/*`. Quote it: shells expand `*`." };

    private static Command CreateSuspend(CommandRunner runner)
    {
        var model = ModelArgument();
        var reason = SuspensionReport.ReasonOption();
        var command = new Command("suspend", "Stops models, whatever the policies say, until they are resumed.") { model, reason };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var request = new SuspendModelRequest { Model = run.Value(model), Reason = run.Value(reason) ?? "" };
            var answer = await run.Client.Models.SuspendModelAsync(request, cancellationToken: cancellationToken);
            return SuspensionReport.WriteSuspended(
                run.Report, ("model", request.Model), answer.Suspension, answer.Unchanged, answer.PolicyEpoch, answer.Acknowledgement);
        });
        return command;
    }

    private static Command CreateResume(CommandRunner runner)
    {
        var model = ModelArgument();
        var command = new Command("resume", "Lifts a suspension, named as it was suspended.") { model };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var request = new ResumeModelRequest { Model = run.Value(model) };
            var answer = await run.Client.Models.ResumeModelAsync(request, cancellationToken: cancellationToken);
            if (run.Report.IsJson)
            {
                run.Report.Json(new
                {
                    answer.PolicyEpoch,
                    answer.Unchanged,
                    Acknowledgement = Shapes.Of(answer.Acknowledgement),
                    StillSuspendedBy = answer.StillSuspendedBy.ToList(),
                });
                return ExitCodes.Ok;
            }

            var exit = SuspensionReport.WriteResumed(run.Report, ("model", request.Model), answer.Unchanged, answer.PolicyEpoch, answer.Acknowledgement);
            if (answer.StillSuspendedBy.Count > 0)
            {
                run.Report.Words($"`{request.Model}` is suspended all the same, by {string.Join(", ", answer.StillSuspendedBy.Select(pattern => $"`{pattern}`"))}");
            }

            return exit;
        });
        return command;
    }

    private static Command CreateList(CommandRunner runner)
    {
        var command = new Command("list", "Lists the models that are suspended.");
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var models = new List<SuspendedModel>();
            var request = new ListSuspendedModelsRequest { PageSize = PageSize };
            ListSuspendedModelsResponse page;
            do
            {
                page = await run.Client.Models.ListSuspendedModelsAsync(request, cancellationToken: cancellationToken);
                models.AddRange(page.Models);
                request.PageToken = page.NextPageToken;
            }
            while (page.NextPageToken.Length > 0);

            if (run.Report.IsJson)
            {
                run.Report.Json(new { Models = models.Select(model => new { model.Model, Suspension = Shapes.Of(model.Suspension) }), page.PolicyEpoch });
            }
            else if (models.Count == 0)
            {
                run.Report.Words("no model is suspended");
            }
            else
            {
                run.Report.Table(
                    ["MODEL", "SUSPENDED", "BY", "REASON"],
                    models.Select(model => new[]
                    {
                        model.Model, Shapes.Instant(model.Suspension.SuspendedAt) ?? "", model.Suspension.SuspendedBy, model.Suspension.Reason,
                    }));
            }

            return ExitCodes.Ok;
        });
        return command;
    }
}
