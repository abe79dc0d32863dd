using System.CommandLine;
using ControlZero.Cli.Commands;
using ControlZero.Engine.Policies;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Policies;

/// <summary><c>cz policy validate</c>: by this program's own engine, or by the cluster's.</summary>
internal static class ValidateCommand
{
    public static Command Create(CommandRunner runner)
    {
        var files = new Argument<string[]>("file") { Description = "Documents, JSON or YAML; `-` reads stdin.", Arity = ArgumentArity.OneOrMore };
        var server = new Option<bool>("--server") { Description = "Ask the cluster, whose version may differ. Default: check here, without a connection." };
        var command = new Command("validate", "Checks documents and prints every finding: exit code 4 when one would be refused.") { files, server };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var checkedFiles = new List<CheckedFile>();
            foreach (var file in run.Value(files).Distinct(StringComparer.Ordinal))
            {
                var text = PolicyFiles.Read(run.Host, file);
                checkedFiles.Add(run.Value(server) ? await AskAsync(run, file, text, cancellationToken) : Check(file, text));
            }

            return CheckedFile.WriteAll(run.Report, checkedFiles, Sum(checkedFiles));
        });
        return command;
    }

    private static CheckedFile Check(string file, string text)
    {
        var result = PolicyParser.Parse(text);
        return new CheckedFile(file, result.IsValid, [.. result.Diagnostics.Select(Finding.Of)]);
    }

    private static async Task<CheckedFile> AskAsync(Invocation run, string file, string text, CancellationToken cancellationToken)
    {
        var answer = await run.Client.Policies.ValidatePolicyAsync(new ValidatePolicyRequest { Document = text }, cancellationToken: cancellationToken);
        return new CheckedFile(file, answer.Valid, [.. answer.Diagnostics.Select(Finding.Of)]);
    }

    private static string Sum(List<CheckedFile> files)
    {
        var findings = files.SelectMany(file => file.Diagnostics).ToList();
        var errors = findings.Count(finding => finding.IsError());
        return $"{Count(files.Count, "document")}: {Count(errors, "error")}, {Count(findings.Count - errors, "warning")}";
    }

    private static string Count(int number, string noun) => number == 1 ? $"1 {noun}" : $"{number} {noun}s";
}
