using System.CommandLine;
using System.Globalization;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Client;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Policies;

/// <summary><c>cz policy publish</c>.</summary>
internal static class PublishCommand
{
    public static Command Create(CommandRunner runner)
    {
        var file = new Argument<string>("file") { Description = "The document, JSON or YAML; `-` reads stdin." };
        var expected = new Option<long?>("--expected-version")
        {
            Description = "The version that must be in force; 0: the policy must not exist yet. Default: whatever is in force is replaced.",
            HelpName = "number",
        };
        var command = new Command("publish", "Stores a document as the next version of its policy and puts it in force.") { file, expected };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var request = new PublishPolicyRequest { Document = PolicyFiles.Read(run.Host, run.Value(file)) };
            if (run.Value(expected) is { } version)
            {
                request.ExpectedVersion = version;
            }

            try
            {
                var answer = await run.Client.Policies.PublishPolicyAsync(request, cancellationToken: cancellationToken);
                return Show(run.Report, run.Value(file), answer);
            }
            catch (ControlZeroException error) when (error.Findings.Count > 0)
            {
                var checkedFile = new CheckedFile(run.Value(file), false, [.. error.Findings.Select(Finding.Of)]);
                return checkedFile.Write(run.Report, "the document is refused; nothing was published");
            }
        });
        return command;
    }

    private static int Show(Report report, string file, PublishPolicyResponse answer)
    {
        var findings = answer.Diagnostics.Select(Finding.Of).ToList();
        if (report.IsJson)
        {
            report.Json(new { Policy = Shapes.Of(answer.Policy), answer.PolicyEpoch, answer.Unchanged, Diagnostics = findings, Acknowledgement = Shapes.Of(answer.Acknowledgement) });
            return ExitCodes.Ok;
        }

        findings.ForEach(finding => report.Words(finding.Describe(file)));
        report.Facts([
            ("policy", answer.Policy.Name),
            ("version", Shapes.Number(answer.Policy.Version)),
            ("in force", answer.Unchanged ? "unchanged: this very document was in force already" : "yes"),
            ("policy epoch", answer.PolicyEpoch.ToString(CultureInfo.InvariantCulture)),
            .. AcknowledgementFacts.Of(answer.Acknowledgement),
        ]);
        return ExitCodes.Ok;
    }
}
