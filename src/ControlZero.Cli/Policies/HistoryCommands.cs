using System.CommandLine;
using System.Globalization;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Policies;

/// <summary><c>cz policy versions</c>, <c>rollback</c> and <c>delete</c>.</summary>
internal static class HistoryCommands
{
    public static Command CreateVersions(CommandRunner runner)
    {
        var name = NameArgument();
        var command = new Command("versions", "Lists the versions of a policy, newest first.") { name };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var versions = new List<PolicyVersion>();
            var request = new ListPolicyVersionsRequest { Name = run.Value(name) };
            ListPolicyVersionsResponse page;
            do
            {
                page = await run.Client.Policies.ListPolicyVersionsAsync(request, cancellationToken: cancellationToken);
                versions.AddRange(page.Versions);
                request.PageToken = page.NextPageToken;
            }
            while (page.NextPageToken.Length > 0);

            if (run.Report.IsJson)
            {
                run.Report.Json(new { Versions = versions.Select(Shapes.Of), page.VersionInForce });
                return ExitCodes.Ok;
            }

            run.Report.Table(
                ["VERSION", "IN FORCE", "RULES", "PUBLISHED", "BY", "SHA256"],
                versions.Select(version => new[]
                {
                    Shapes.Number(version.Version),
                    version.Version == page.VersionInForce ? "yes" : "",
                    version.RuleCount.ToString(CultureInfo.InvariantCulture),
                    Shapes.Instant(version.PublishedAt) ?? "",
                    version.PublishedBy,
                    version.Digest,
                }));
            return ExitCodes.Ok;
        });
        return command;
    }

    public static Command CreateRollback(CommandRunner runner)
    {
        var name = NameArgument();
        var version = new Option<long>("--to") { Description = "The version whose document to publish again.", HelpName = "version", Required = true };
        var expected = ExpectedOption();
        var command = new Command("rollback", "Publishes an earlier document again, as the next version.") { name, version, expected };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var request = new RollbackPolicyRequest { Name = run.Value(name), Version = run.Value(version) };
            if (run.Value(expected) is { } inForce)
            {
                request.ExpectedVersion = inForce;
            }

            var answer = await run.Client.Policies.RollbackPolicyAsync(request, cancellationToken: cancellationToken);
            if (run.Report.IsJson)
            {
                run.Report.Json(new { Policy = Shapes.Of(answer.Policy), answer.PolicyEpoch, answer.Unchanged, Acknowledgement = Shapes.Of(answer.Acknowledgement) });
                return ExitCodes.Ok;
            }

            run.Report.Facts([
                ("policy", answer.Policy.Name),
                ("version", Shapes.Number(answer.Policy.Version)),
                ("outcome", answer.Unchanged ? "that document was in force already" : $"the document of version {Shapes.Number(request.Version)} is in force"),
                ("policy epoch", answer.PolicyEpoch.ToString(CultureInfo.InvariantCulture)),
                .. AcknowledgementFacts.Of(answer.Acknowledgement),
            ]);
            return ExitCodes.Ok;
        });
        return command;
    }

    public static Command CreateDelete(CommandRunner runner)
    {
        var name = NameArgument();
        var expected = ExpectedOption();
        var command = new Command("delete", "Takes a policy out of force. Its versions stay stored.") { name, expected };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var request = new DeletePolicyRequest { Name = run.Value(name) };
            if (run.Value(expected) is { } inForce)
            {
                request.ExpectedVersion = inForce;
            }

            var answer = await run.Client.Policies.DeletePolicyAsync(request, cancellationToken: cancellationToken);
            if (run.Report.IsJson)
            {
                run.Report.Json(new { answer.PolicyEpoch, Acknowledgement = Shapes.Of(answer.Acknowledgement) });
                return ExitCodes.Ok;
            }

            run.Report.Facts([
                ("policy", request.Name),
                ("outcome", "it is out of force"),
                ("policy epoch", answer.PolicyEpoch.ToString(CultureInfo.InvariantCulture)),
                .. AcknowledgementFacts.Of(answer.Acknowledgement),
            ]);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Argument<string> NameArgument() => new("name") { Description = "The policy." };

    private static Option<long?> ExpectedOption() => new("--expected-version") { Description = "The version that must be in force.", HelpName = "number" };
}
