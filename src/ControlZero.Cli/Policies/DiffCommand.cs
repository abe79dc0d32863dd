using System.CommandLine;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Client;
using ControlZero.Engine.Policies;
using ControlZero.Protocol.V1;
using DiffPlex.DiffBuilder;
using DiffPlex.DiffBuilder.Model;
using Grpc.Core;

namespace ControlZero.Cli.Policies;

/// <summary><c>cz policy diff</c>.</summary>
internal static class DiffCommand
{
    // Lines that are shown around a change.
    private const int Around = 3;

    public static Command Create(CommandRunner runner)
    {
        var file = new Argument<string>("file") { Description = "The draft, JSON or YAML; `-` reads stdin. Its `name` says what it is compared with." };
        var version = new Option<long>("--version") { Description = "The version to compare with. Default: the one in force.", HelpName = "number" };
        var command = new Command("diff", "Compares a draft with what is in force, line by line: exit code 4 when they differ.") { file, version };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var text = PolicyFiles.Read(run.Host, run.Value(file));
            var parsed = PolicyParser.Parse(text);
            if (parsed.Document is not { } draft)
            {
                return new CheckedFile(run.Value(file), false, [.. parsed.Diagnostics.Select(Finding.Of)]).Write(run.Report, "the draft would be refused; mend it first");
            }

            var published = await FindAsync(run, draft.Name, run.Value(version), cancellationToken);
            var lines = InlineDiffBuilder.Diff(published?.Document ?? "", text, ignoreWhiteSpace: false).Lines;
            var isSame = published?.Document == text;
            Show(run.Report, draft.Name, published, isSame, lines);
            return isSame ? ExitCodes.Ok : ExitCodes.Findings;
        });
        return command;
    }

    // Null: no version is in force, and none was asked for.
    private static async Task<GetPolicyResponse?> FindAsync(Invocation run, string name, long version, CancellationToken cancellationToken)
    {
        try
        {
            return await run.Client.Policies.GetPolicyAsync(new GetPolicyRequest { Name = name, Version = version }, cancellationToken: cancellationToken);
        }
        catch (ControlZeroException missing) when (missing.StatusCode == StatusCode.NotFound && version == 0)
        {
            return null;
        }
    }

    private static void Show(Report report, string name, GetPolicyResponse? published, bool isSame, List<DiffPiece> lines)
    {
        if (report.IsJson)
        {
            report.Json(new
            {
                Name = name,
                Version = published?.Policy.Version,
                Identical = isSame,
                Lines = lines.Select(line => new { Change = Mark(line), line.Text }),
            });
            return;
        }

        var shown = Enumerable.Range(0, lines.Count)
            .Where(line => Enumerable.Range(line - Around, (2 * Around) + 1).Any(near => near >= 0 && near < lines.Count && lines[near].Type != ChangeType.Unchanged))
            .ToList();
        foreach (var (line, place) in shown.Select((line, place) => (line, place)))
        {
            if (place > 0 && shown[place - 1] != line - 1)
            {
                report.Line("…");
            }

            report.Line($"{Mark(lines[line])} {lines[line].Text}");
        }

        report.Words(published is null ? $"no version of `{name}` is in force: all of it is new"
            : isSame ? $"this is the document of version {Shapes.Number(published.Policy.Version)}"
            : $"- version {Shapes.Number(published.Policy.Version)}, + the draft{(shown.Count == 0 ? "; they differ in line ends only" : "")}");
    }

    private static string Mark(DiffPiece line) => line.Type switch
    {
        ChangeType.Inserted => "+",
        ChangeType.Deleted => "-",
        _ => " ",
    };
}
