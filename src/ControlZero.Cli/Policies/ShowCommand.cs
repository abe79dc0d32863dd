using System.CommandLine;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Policies;

/// <summary><c>cz policy show</c>.</summary>
internal static class ShowCommand
{
    public static Command Create(CommandRunner runner)
    {
        var name = new Argument<string>("name") { Description = "The policy." };
        var version = new Option<long>("--version") { Description = "The version to show. Default: the one in force.", HelpName = "number" };
        var command = new Command("show", "Prints a policy's document as it was published. Facts about it go to stderr.") { name, version };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var request = new GetPolicyRequest { Name = run.Value(name), Version = run.Value(version) };
            var answer = await run.Client.Policies.GetPolicyAsync(request, cancellationToken: cancellationToken);
            if (run.Report.IsJson)
            {
                run.Report.Json(new { Policy = Shapes.Of(answer.Policy), answer.Document, answer.VersionInForce });
                return ExitCodes.Ok;
            }

            run.Report.Verbatim(answer.Document);
            run.Report.Words(
                $"{answer.Policy.Name} version {Shapes.Number(answer.Policy.Version)} (in force: {Shapes.Number(answer.VersionInForce)}), " +
                $"published {Shapes.Instant(answer.Policy.PublishedAt)} by {answer.Policy.PublishedBy}, sha256 {answer.Policy.Digest}");
            return ExitCodes.Ok;
        });
        return command;
    }
}
