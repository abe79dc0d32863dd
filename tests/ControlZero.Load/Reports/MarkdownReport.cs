using System.Globalization;
using System.Text;
using ControlZero.Load.Measuring;

namespace ControlZero.Load.Reports;

/// <summary>The report as a table for people.</summary>
internal static class MarkdownReport
{
    /// <summary>Writes it.</summary>
    public static string Write(LoadReport report)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{report.Machine.Processor}, {report.Machine.MemoryGiB} GiB, {report.Machine.Kernel}, {report.Machine.Runtime}; load average {report.Machine.LoadAverage} at the end.");
        text.AppendLine(CultureInfo.InvariantCulture, $"{report.Run.Rounds} rounds of {report.Run.Duration.TotalSeconds:0.#} s a sample, turn about, medians. Request {report.RequestBytes} B, response {report.ResponseBytes} B.");
        text.AppendLine(CultureInfo.InvariantCulture, $"{report.Run.Agents:N0} agents registered by their first request in {report.Registration.TotalSeconds:0.0} s; server memory at the end {report.ServerMemoryMiB:N0} MiB.");
        text.AppendLine();
        text.AppendLine("| scenario | agents | of the echo (least-greatest) | decisions/s, echo | server CPU us/decision, echo | p50 us, echo | p99 us, echo | p99.9 us, echo |");
        text.AppendLine("|---|---|---|---|---|---|---|---|");
        foreach (var row in report.Comparisons)
        {
            var headline = row.Headline;
            var what = row.Scenario.Kind == ScenarioKind.Throughput ? "rate" : "p50";
            text.AppendLine(CultureInfo.InvariantCulture, $"| {row.Scenario.Name} | {row.Scenario.Agents:N0} | {what} **{headline.Median:0.00}** ({headline.Least:0.00}-{headline.Greatest:0.00}) | {Pair(row, s => s.Rate, "N0")} | {Pair(row, s => s.CpuMicroseconds, "0.0")} | {Pair(row, s => s.P50, "N0")} | {Pair(row, s => s.P99, "N0")} | {Pair(row, s => s.P999, "N0")} |");
        }

        return text.ToString();
    }

    private static string Pair(Comparison row, Func<Sample, double> figure, string format) => row.Ours(figure) == 0
        ? "-"
        : $"{row.Ours(figure).ToString(format, CultureInfo.InvariantCulture)}, {row.Echo(figure).ToString(format, CultureInfo.InvariantCulture)}";
}
