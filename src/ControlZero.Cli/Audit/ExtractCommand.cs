using System.CommandLine;
using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Format.Segments;
using ControlZero.Audit.Format.Verification;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;

namespace ControlZero.Cli.Audit;

/// <summary><c>cz audit extract</c>: a tenant's own log, which verifies without anybody else's events.</summary>
internal static class ExtractCommand
{
    public static Command Create(CommandRunner runner)
    {
        var directory = new Argument<string>("directory") { Description = "The log's root: the directory that holds `audit` and `ledger`." };
        var tenant = new Argument<string>("tenant") { Description = "Whose events stay. Of all others only hashes are left." };
        var target = new Argument<string>("target") { Description = "Directory to write. It must not exist yet, or be empty." };
        var command = new Command(
            "extract",
            "Takes a tenant's part out of a log's files: its events, the hashes of all others', the ledger. `cz audit verify TARGET --export-of TENANT` proves it. Needs no server.")
        {
            directory, tenant, target,
        };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var (from, to, whose) = (Path.Combine(run.Host.Directory, run.Value(directory)), Path.Combine(run.Host.Directory, run.Value(target)), run.Value(tenant));
            if (!Directory.Exists(Path.Combine(from, SegmentId.Folder)))
            {
                throw CommandFailure.Usage($"`{run.Value(directory)}` holds no `{SegmentId.Folder}`; name the log's root, of a server its data directory");
            }

            if (Directory.Exists(to) && Directory.EnumerateFileSystemEntries(to).Any())
            {
                throw new CommandFailure(ExitCodes.Failed, "FILE_EXISTS", $"`{run.Value(target)}` has files in it; empty it, or name another directory");
            }

            var (report, open) = await ProgressBar.RunAsync(run.Host, "extracting", bar => ExtractAsync(run.Host, from, to, whose, bar, cancellationToken));
            Show(run, whose, report, open);
            return report.IsSound ? ExitCodes.Ok : ExitCodes.Findings;
        });
        return command;
    }

    // What was written is verified before anybody is told of it.
    private static async Task<(VerifyReport Report, int Open)> ExtractAsync(
        CliHost host, string from, string to, string tenant, ProgressBar bar, CancellationToken cancellationToken)
    {
        var archive = new LocalArchive(from);
        var files = await archive.ListAsync("", cancellationToken).Where(file => IsOfLog(file.Path)).ToListAsync(cancellationToken);
        var (done, total, open) = (0L, files.Sum(file => file.Length), 0);
        foreach (var (path, length) in files)
        {
            if (path.EndsWith(SegmentId.OpenSuffix, StringComparison.Ordinal))
            {
                open++;
            }
            else
            {
                await CopyAsync(archive, path, Path.Combine(to, path), tenant, cancellationToken);
            }

            bar.Reached(done += length, total);
        }

        var options = new VerifyOptions { ExportOf = tenant };
        return (await LogVerifier.VerifyAsync(new LocalArchive(to), options, host.Clock, progress: null, cancellationToken), open);
    }

    private static bool IsOfLog(string path) =>
        (path.StartsWith($"{SegmentId.Folder}/", StringComparison.Ordinal) && SegmentId.TryParse(path, out _))
        || (path.StartsWith("ledger/", StringComparison.Ordinal) && path.EndsWith(SegmentId.Extension, StringComparison.Ordinal));

    private static async Task CopyAsync(LocalArchive archive, string path, string to, string tenant, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        await using var source = await archive.OpenAsync(path, 0, cancellationToken);
        await using var target = new FileStream(to, FileMode.CreateNew, FileAccess.Write);
        if (!path.StartsWith($"{SegmentId.Folder}/", StringComparison.Ordinal))
        {
            await source.CopyToAsync(target, cancellationToken);
            return;
        }

        try
        {
            await SegmentReducer.ReduceAsync(source, target, tenant, cancellationToken);
        }
        catch (InvalidDataException broken)
        {
            throw new CommandFailure(ExitCodes.Findings, "LOG_NOT_SOUND", $"`{path}`: {broken.Message}; `cz audit verify` says more, and nothing of it is extracted until it verifies");
        }
    }

    private static void Show(Invocation run, string tenant, VerifyReport report, int open)
    {
        var events = report.Records - report.Reduced;
        if (run.Report.IsJson)
        {
            run.Report.Json(new { Ok = report.IsSound, Tenant = tenant, Events = events, Hashes = report.Reduced, report.Segments, OpenSegments = open });
        }
        else
        {
            run.Report.Facts(
                ("verdict", report.IsSound ? "sound" : $"{Shapes.Number(report.FindingCount)} findings"),
                ("events", $"{Shapes.Number(events)} of `{tenant}`, {Shapes.Number(report.Reduced)} hashes of others"),
                ("segments", Shapes.Number(report.Segments)),
                ("left out", open == 0 ? "" : $"{open} that are still being written; extract again when they are sealed, within the hour"));
        }
    }
}
