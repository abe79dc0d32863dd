using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Audit;

/// <summary><c>cz audit verify --server</c>: the cluster checks its own log.</summary>
internal static class ServerVerification
{
    private static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    public static async Task<int> RunAsync(Invocation run, CancellationToken cancellationToken)
    {
        // gRPC holds deadlines against the system's clock.
        var deadline = TimeProvider.System.GetUtcNow().UtcDateTime + (run.TimeoutOption ?? Patience);
        var found = await run.Client.Audit.VerifyLogAsync(new VerifyLogRequest(), deadline: deadline, cancellationToken: cancellationToken);
        Show(run.Report, found);
        return !found.Ok ? ExitCodes.Findings : found.UnreachableSilos.Count > 0 ? ExitCodes.Failed : ExitCodes.Ok;
    }

    private static void Show(Report report, VerifyLogResponse found)
    {
        if (report.IsJson)
        {
            report.Json(new
            {
                found.Ok,
                found.Segments,
                found.Records,
                found.Reduced,
                found.Lost,
                found.Uncovered,
                found.Checkpoints,
                found.SignedCheckpoints,
                found.UnsignedRecords,
                LedgerHeads = found.LedgerHeads.ToArray(),
                found.Bytes,
                Findings = found.Findings.Select(finding => new { finding.Code, File = finding.Path, finding.Line, finding.Sequence, What = finding.Message }),
                found.FindingCount,
                UnreachableSilos = found.UnreachableSilos.ToArray(),
            });
        }
        else
        {
            foreach (var finding in found.Findings)
            {
                report.Line(finding.Line > 0 ? $"{finding.Path}:{finding.Line}: {finding.Message}" : $"{finding.Path}: {finding.Message}");
            }

            report.Facts(
                ("verdict", found.Ok ? "sound" : $"{Shapes.Number(found.FindingCount)} findings"),
                ("segments", Shapes.Number(found.Segments)),
                ("records", $"{Shapes.Number(found.Records)}, of {Shapes.Number(found.Reduced)} only the hash"),
                ("lost", found.Lost == 0 ? "" : found.Lost < 0 ? "some, nobody knows how many" : $"{Shapes.Number(found.Lost)} events, by the log's own account"),
                ("not yet covered", found.Uncovered == 0 ? "" : $"{Shapes.Number(found.Uncovered)} records after the last checkpoint"),
                ("checkpoints", $"{Shapes.Number(found.Checkpoints)}, {(found.SignedCheckpoints == 0 ? "none with a signature that was checked" : $"{Shapes.Number(found.SignedCheckpoints)} signed")}"),
                ("heads", string.Join(' ', found.LedgerHeads)));
        }

        if (found.UnreachableSilos.Count > 0)
        {
            report.Words($"not all was checked: the log of {string.Join(", ", found.UnreachableSilos.Select(silo => $"`{silo}`"))} could not be read to its end");
        }
    }
}
