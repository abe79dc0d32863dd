using System.CommandLine;
using ControlZero.Cli.Cases;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;

namespace ControlZero.Cli.Policies;

/// <summary><c>cz policy test</c>: decides the cases kept beside a policy, without a connection.</summary>
internal static class TestCommand
{
    public static Command Create(CommandRunner runner)
    {
        var paths = new Argument<string[]>("path")
        {
            Description = "Case files, JSON or YAML, or folders: every `*.cases.json`, `*.cases.yaml` and `*.cases.yml` in them.",
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new Command("test", "Decides cases and compares: exit code 4 when one fails.") { paths };
        runner.Bind(command, (run, _) =>
        {
            var files = CaseFiles.Find(run.Host, run.Value(paths));
            var results = files.SelectMany(file => Run(run.Host, file)).ToList();
            Write(run.Report, results);
            return Task.FromResult(results.TrueForAll(result => result.Passed) ? ExitCodes.Ok : ExitCodes.Findings);
        });
        return command;
    }

    private static IEnumerable<CaseResult> Run(CliHost host, string file)
    {
        CaseReader.Read(host, file, out var cases, out var fault);
        var runner = new CaseRunner(host.Clock);
        return fault is null ? cases.Select(runner.Run) : [new CaseResult(file, "", fault, [])];
    }

    private static void Write(Report report, List<CaseResult> results)
    {
        var failed = results.Where(result => !result.Passed).ToList();
        if (report.IsJson)
        {
            report.Json(new { Passed = results.Count - failed.Count, Failed = failed.Count, Cases = results });
            return;
        }

        foreach (var result in failed)
        {
            report.Line(result.Name.Length > 0 ? $"FAIL {result.File}: {result.Name}" : $"FAIL {result.File}");
            if (result.Error is not null)
            {
                report.Line($"    {result.Error}");
            }

            foreach (var difference in result.Differences)
            {
                report.Line($"    {difference.Field}: wanted {difference.Wanted}, got {difference.Got}");
            }
        }

        report.Line($"{results.Count} {(results.Count == 1 ? "case" : "cases")}: {results.Count - failed.Count} passed, {failed.Count} failed");
    }
}
