using System.Globalization;
using System.Text;

namespace ControlZero.Chaos.Reports;

/// <summary>A report as Markdown, for people and for READMEs.</summary>
internal static class MarkdownReport
{
    private const int MostViolations = 20;

    public static string Write(ChaosReport report)
    {
        var text = new StringBuilder();
        Line(text, $"{report.Title}: {report.Calls} calls, {report.Decisions} decisions, all in `{report.Record}`");
        if (report.TornBytes > 0)
        {
            Line(text, $"last line is torn: {report.TornBytes} bytes left out");
        }

        text.AppendLine();
        text.AppendLine("| fault | times | calls | wrong answers | unavailable ms | with `allow_stale` | recovery ms |");
        text.AppendLine("|---|---|---|---|---|---|---|");
        foreach (var fault in report.Faults)
        {
            Line(
                text,
                $"| {fault.Fault} | {fault.Times} | {fault.Calls} | {fault.Wrong} | {fault.UnavailableMs:0} | {fault.StaleUnavailableMs:0} | {fault.RecoveryMs:0} |");
        }

        text.AppendLine();
        Line(text, $"latest allow sent after an acknowledged suspension: {report.LatestAllowMs:0} ms (bound {ChaosOptions.Bound.TotalMilliseconds:0} ms)");
        Line(text, $"keys revoked: {report.RevokedKeys}; latest allow sent with one after its acknowledged revocation: {report.LatestRevokedAllowMs:0} ms (bound {ChaosOptions.Bound.TotalMilliseconds:0} ms)");
        Line(text, $"windows of limits that were spent to their end: {report.ExhaustedWindows}");
        Line(text, $"events in the servers' logs: {report.Events?.ToString(CultureInfo.InvariantCulture) ?? "not looked at"}");
        if (report.Readings > 0)
        {
            Line(text, $"readings of the logs while servers ran: {report.Readings}; events that one build wrote and the other one found: {report.FoundAcross?.ToString(CultureInfo.InvariantCulture) ?? "not looked at"}");
        }

        Line(text, $"questions without a decision while no fault was about: {report.FailedInPeace}");
        text.AppendLine();
        text.AppendLine("| checked | violations |");
        text.AppendLine("|---|---|");
        foreach (var (name, promise, violations) in report.Checks)
        {
            Line(text, $"| {name}: {promise} | {violations} |");
        }

        foreach (var what in report.NotRun)
        {
            Line(text, $"\nNOT RUN: {what}");
        }

        foreach (var violation in report.Violations.Take(MostViolations))
        {
            Line(text, $"\nVIOLATION {violation.Checker} at {violation.At / 1e6:0.000} s: {violation.What}");
        }

        if (report.Violations.Count > MostViolations)
        {
            Line(text, $"\nand {report.Violations.Count - MostViolations} more violations");
        }

        return text.ToString();
    }

    private static void Line(StringBuilder text, FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
}
