using System.CommandLine;
using System.Globalization;
using ControlZero.Cli.Commands;
using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Cli.Cluster;

/// <summary><c>cz status</c>.</summary>
internal static class StatusCommand
{
    public static Command Create(CommandRunner runner)
    {
        var command = new Command("status", "Shows what runs, and who is asking.");
        runner.Bind(command, async (run, cancellationToken) =>
        {
            var status = await run.Client.Cluster.GetStatusAsync(new GetStatusRequest(), cancellationToken: cancellationToken);
            var caller = status.Caller ?? new Caller();
            if (run.Report.IsJson)
            {
                run.Report.Json(Shape(status, caller));
            }
            else
            {
                Print(run.Report, status, caller);
            }

            return ExitCodes.Ok;
        });
        return command;
    }

    private static object Shape(GetStatusResponse status, Caller caller) => new
    {
        status.Version,
        StartedAt = Shapes.Instant(status.StartedAt),
        ServerTime = Shapes.Instant(status.ServerTime),
        status.Storage,
        status.Role,
        Silos = status.Silos.Select(silo => new
        {
            silo.Name,
            silo.Status,
            silo.Answering,
            silo.Version,
            StartedAt = Shapes.Instant(silo.StartedAt),
            Address = silo.Address.Length == 0 ? null : silo.Address,
            silo.Ready,
            NotReadyReasons = silo.NotReadyReasons.ToArray(),
            FreshnessSeconds = silo.FreshnessAge?.ToTimeSpan().TotalSeconds,
        }),
        Caller = new { caller.TenantId, caller.KeyId, Scopes = caller.Scopes.ToArray(), Agents = caller.Agents.ToArray() },
        status.PolicyEpoch,
        status.PoliciesInForce,
        Advice = status.Advice.Select(DoctorFinding.Of),
        Prices = status.Prices is not { } prices ? null : new { prices.Version, prices.Digest, prices.Models },
        AuditLog = status.AuditLog is not { } log ? null : new
        {
            log.Mode,
            log.Sink,
            SigningKeyId = log.SigningKeyId.Length == 0 ? null : log.SigningKeyId,
            log.WaitingBytes,
            log.WaitingRecords,
            log.Lost,
            Trouble = log.Trouble.Length == 0 ? null : log.Trouble,
            SinkTrouble = log.SinkTrouble.Length == 0 ? null : log.SinkTrouble,
        },
        Freshness = status.Freshness is not { } freshness ? null : new
        {
            freshness.Fresh,
            AgeMs = Milliseconds(freshness.Age),
            BoundMs = Milliseconds(freshness.Bound),
            freshness.FeedSequence,
        },
    };

    private static string Describe(Freshness? freshness) => freshness is null
        ? "not said"
        : $"{(freshness.Fresh ? "fresh" : "STALE: it allows nothing")}, {(freshness.Age is null ? "never confirmed" : $"{Milliseconds(freshness.Age)} ms old")}" +
            $" of {Milliseconds(freshness.Bound)} ms, feed at {Shapes.Number(freshness.FeedSequence)}";

    // Null: the key may not know.
    private static string Describe(AuditLogState? log) => log switch
    {
        null => "",
        { Mode: "off" } => "OFF: nothing is recorded",
        _ => $"{log.Mode}, in {log.Sink}, {(log.SigningKeyId.Length == 0 ? "unsigned" : $"signed by {log.SigningKeyId}")}"
            + (log.WaitingBytes == 0 && log.SinkTrouble.Length == 0 ? "" : $", {Shapes.Number(log.WaitingBytes)} bytes wait for the sink")
            + (log.SinkTrouble.Length == 0 ? "" : $": {log.SinkTrouble}")
            + (log.Trouble.Length == 0 ? "" : $"; NOTHING IS ANSWERED: {log.Trouble}")
            + (log.Lost == 0 ? "" : $", {Shapes.Number(log.Lost)} events lost"),
    };

    private static long? Milliseconds(Duration? duration) => duration is null ? null : (long)duration.ToTimeSpan().TotalMilliseconds;

    private static void Print(Report report, GetStatusResponse status, Caller caller)
    {
        report.Facts(
            ("version", status.Version),
            ("started", Shapes.Instant(status.StartedAt)),
            ("server time", Shapes.Instant(status.ServerTime)),
            ("storage", status.Storage),
            ("role", status.Role),
            ("policies in force", Shapes.Number(status.PoliciesInForce)),
            ("policy epoch", status.PolicyEpoch.ToString(CultureInfo.InvariantCulture)),
            ("freshness", Describe(status.Freshness)),
            ("prices", status.Prices is { } prices ? $"{prices.Version} ({prices.Digest}), {Shapes.Number(prices.Models)} names" : "none: no model has a price"),
            ("audit log", Describe(status.AuditLog)),
            ("tenant", caller.TenantId),
            ("key", caller.KeyId),
            ("scopes", string.Join(" ", caller.Scopes)),
            ("agents", caller.Agents.Count == 0 ? "all" : string.Join(" ", caller.Agents)));
        report.Line("");
        report.Table(
            ["SILO", "STATUS", "READY", "VERSION", "UP", "FRESHNESS", "ADDRESS", "ANSWERING"],
            status.Silos.Select(silo => new[]
            {
                silo.Name,
                silo.Status,
                silo.Ready ? "yes" : $"no: {string.Join(' ', silo.NotReadyReasons)}",
                silo.Version,
                silo.StartedAt is null || status.ServerTime is null ? "" : Age(status.ServerTime.ToDateTimeOffset() - silo.StartedAt.ToDateTimeOffset()),
                silo.FreshnessAge is { } age ? string.Create(CultureInfo.InvariantCulture, $"{age.ToTimeSpan().TotalSeconds:0.0} s") : "",
                silo.Address,
                silo.Answering ? "yes" : "",
            }));
        if (status.Advice.Count > 0)
        {
            report.Words($"{status.Advice.Count} things differ from production advice: see `cz doctor`");
        }
    }

    // The two largest units: nobody reads the seconds of a server that has been up for days.
    private static string Age(TimeSpan age) => age switch
    {
        { TotalDays: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{age.Days}d {age.Hours}h"),
        { TotalHours: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{age.Hours}h {age.Minutes}m"),
        { TotalMinutes: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{age.Minutes}m {age.Seconds}s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, age.Seconds)}s"),
    };
}
