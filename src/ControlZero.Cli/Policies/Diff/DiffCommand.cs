using System.CommandLine;
using ControlZero.Cli.Commands;
using ControlZero.Client;
using ControlZero.Engine.Policies;
using ControlZero.Protocol.V1;
using Grpc.Core;

namespace ControlZero.Cli.Policies.Diff;

/// <summary><c>cz policy diff</c>.</summary>
internal static class DiffCommand
{
    public static Command Create(CommandRunner runner)
    {
        var file = new Argument<string>("file") { Description = "The draft, JSON or YAML; `-` reads stdin. Its `name` says what it is compared with." };
        var version = new Option<long>("--version") { Description = "The version to compare with. Default: the one in force.", HelpName = "number" };
        var asText = new Option<bool>("--text") { Description = "Compare how they are written, line by line. Default: what they mean." };
        var command = new Command("diff", "Compares a draft with what is in force, by what they mean: exit code 4 when they differ.") { file, version, asText };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var text = PolicyFiles.Read(run.Host, run.Value(file));
            var parsed = PolicyParser.Parse(text);
            if (parsed.Document is not { } draft)
            {
                return new CheckedFile(run.Value(file), false, [.. parsed.Diagnostics.Select(Finding.Of)]).Write(run.Report, "the draft would be refused; mend it first");
            }

            var published = await FindAsync(run, draft.Name, run.Value(version), cancellationToken);
            return run.Value(asText) ? TextDiff.Show(run.Report, draft.Name, published, text) : MeaningDiff.Show(run.Report, draft, published, text);
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
}
