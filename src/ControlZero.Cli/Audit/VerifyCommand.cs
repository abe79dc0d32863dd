using System.CommandLine;
using System.Globalization;
using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Format.Ledger;
using ControlZero.Audit.Format.Lines;
using ControlZero.Audit.Format.Verification;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;

namespace ControlZero.Cli.Audit;

/// <summary><c>cz audit verify</c>: from files and a public key alone, without a server; or by the cluster itself.</summary>
internal static class VerifyCommand
{
    public static Command Create(CommandRunner runner)
    {
        var directory = new Argument<string?>("directory") { Arity = ArgumentArity.ZeroOrOne, Description = "The log's root: the directory that holds `audit` and `ledger`, of a server its data directory." };
        var keys = new Option<string[]>("--public-key") { Description = "PEM file of who may have signed the ledger; may be repeated. Default: signatures are not looked at.", HelpName = "file" };
        var head = new Option<string?>("--head") { Description = "A head of the ledger that you kept elsewhere, 64 hex digits: finds a ledger whose end was cut off.", HelpName = "hash" };
        var tenant = new Option<string?>("--export-of") { Description = "The files are this tenant's export: other tenants' records are hashes only.", HelpName = "tenant" };
        var server = new Option<bool>("--server") { Description = "Has the cluster verify its own log, instead of files here. It vouches for itself: files and a key kept elsewhere prove more. Waits an hour, or --timeout." };
        var command = new Command("verify", "Checks a log: every hash, every sequence, the checkpoints, their signatures. Of files it needs no server.") { directory, keys, head, tenant, server };
        runner.Bind(command, async (run, cancellationToken) =>
        {
            if (run.Value(server))
            {
                return run.Optional(directory) is null && run.Value(keys) is null or [] && run.Value(head) is null && run.Value(tenant) is null
                    ? await ServerVerification.RunAsync(run, cancellationToken)
                    : throw CommandFailure.Usage("--server goes with nothing that is about files; the cluster checks its own with its own keys");
            }

            var named = run.Optional(directory) ?? throw CommandFailure.Usage("name the log's root, of a server its data directory, or say --server");
            var root = Path.Combine(run.Host.Directory, named);
            if (!Directory.Exists(Path.Combine(root, "audit")) && !Directory.Exists(Path.Combine(root, "ledger")))
            {
                throw CommandFailure.Usage($"`{named}` holds neither `audit` nor `ledger`; name the log's root, of a server its data directory");
            }

            var options = new VerifyOptions
            {
                Keys = [.. (run.Value(keys) ?? []).Select(file => ReadKey(run.Host, file))],
                KnownHead = run.Value(head) is { } text ? ReadHead(text) : null,
                ExportOf = run.Value(tenant),
            };
            var report = await ProgressBar.RunAsync(run.Host, "verifying", bar => LogVerifier.VerifyAsync(
                new LocalArchive(root), options, run.Host.Clock, new Progress(bar), cancellationToken));
            Show(run.Report, report, options.Keys.Count > 0);
            return report.IsSound ? ExitCodes.Ok : ExitCodes.Findings;
        });
        return command;
    }

    private static LedgerPublicKey ReadKey(CliHost host, string file)
    {
        try
        {
            return LedgerPublicKey.FromPem(File.ReadAllText(Path.Combine(host.Directory, file)));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new CommandFailure(ExitCodes.Usage, "FILE_NOT_READABLE", $"`{file}` cannot be read as a public key: {unreadable.Message}");
        }
    }

    private static ChainHash ReadHead(string text) =>
        ChainHash.TryParse(text, out var hash) ? hash : throw CommandFailure.Usage($"`{text}` is no hash; write the 64 lower-case hex digits that a verification showed as its head");

    private static void Show(Report report, VerifyReport found, bool isSigned)
    {
        if (report.IsJson)
        {
            report.Json(new
            {
                Ok = found.IsSound,
                found.Segments,
                found.Records,
                found.Reduced,
                found.Lost,
                found.Uncovered,
                found.LedgerRecords,
                found.LedgerHead,
                found.Checkpoints,
                found.SignedCheckpoints,
                UnsignedRecords = found.Unsigned,
                SignaturesChecked = isSigned,
                found.Bytes,
                Seconds = found.Elapsed.TotalSeconds,
                Findings = found.Findings.Select(finding => new { finding.Code, finding.File, finding.Line, finding.Sequence, finding.What }),
                found.FindingCount,
            });
            return;
        }

        foreach (var finding in found.Findings)
        {
            report.Line(finding.ToString());
        }

        report.Facts(
            ("verdict", found.IsSound ? "sound" : $"{Shapes.Number(found.FindingCount)} findings"),
            ("segments", Shapes.Number(found.Segments)),
            ("records", $"{Shapes.Number(found.Records)}, of {Shapes.Number(found.Reduced)} only the hash"),
            ("lost", found.Lost == 0 ? "" : found.Lost < 0 ? "some, nobody knows how many" : $"{Shapes.Number(found.Lost)} events, by the log's own account"),
            ("not yet covered", found.Uncovered == 0 ? "" : $"{Shapes.Number(found.Uncovered)} records after the last checkpoint"),
            ("ledger", $"{Shapes.Number(found.LedgerRecords)} records, {(isSigned ? "signatures checked" : "signatures not checked: name a --public-key")}"
                + (found.Unsigned == 0 ? "" : $", {Shapes.Number(found.Unsigned)} of before it was signed")),
            ("head", found.LedgerHead),
            ("speed", string.Create(CultureInfo.InvariantCulture, $"{found.Bytes / 1e6:0.0} MB, {found.MegabytesPerSecond:0} MB/s")));
    }

    private sealed class Progress(ProgressBar bar) : IProgress<VerifyProgress>
    {
        public void Report(VerifyProgress value) => bar.Reached(value.Bytes, value.TotalBytes);
    }
}
