using System.CommandLine;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Cluster;

/// <summary><c>cz doctor</c>.</summary>
internal static class DoctorCommand
{
    public static Command Create(CommandRunner runner)
    {
        var strict = new Option<bool>("--strict") { Description = "Exit with 4 when something serious was found." };
        var command = new Command("doctor", "Shows what differs from production advice, each with a remedy.") { strict };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var asked = run.Host.Clock.GetUtcNow();
            var status = await run.Client.Cluster.GetStatusAsync(new GetStatusRequest(), cancellationToken: cancellationToken);
            var findings = status.Advice.Select(DoctorFinding.Of)
                .Concat(ClientChecks.OfAddress(run.Url))
                .Concat(ClientChecks.OfKey(run.KeyArgument, run.KeyFile))
                .Concat(ClientChecks.OfAnswer(status, asked, run.Host.Clock.GetUtcNow()))
                .OrderBy(finding => finding.Severity == DoctorFinding.Error ? 0 : 1)
                .ToList();
            Show(run.Report, findings);
            return run.Value(strict) && findings.Exists(finding => finding.Severity == DoctorFinding.Error) ? ExitCodes.Findings : ExitCodes.Ok;
        });
        return command;
    }

    private static void Show(Report report, List<DoctorFinding> findings)
    {
        var errors = findings.Count(finding => finding.Severity == DoctorFinding.Error);
        if (report.IsJson)
        {
            report.Json(new { Errors = errors, Warnings = findings.Count - errors, Findings = findings });
            return;
        }

        foreach (var finding in findings)
        {
            report.Line($"{finding.Severity} {finding.Id}: {finding.Finding}");
            report.Line($"    {finding.Remedy}");
        }

        report.Line($"{Count(errors, "error")}, {Count(findings.Count - errors, "warning")}");
    }

    private static string Count(int number, string noun) => number == 1 ? $"1 {noun}" : $"{number} {noun}s";
}
