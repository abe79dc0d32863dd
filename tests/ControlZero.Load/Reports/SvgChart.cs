using System.Globalization;
using System.Text;
using ControlZero.Load.Measuring;

namespace ControlZero.Load.Reports;

/// <summary>The throughput of each scenario as a share of the echo's: a bar for the median, a line from the least to the greatest round.</summary>
internal static class SvgChart
{
    private const int Width = 760;
    private const int LabelWidth = 290;
    private const int Top = 64;
    private const int RowHeight = 34;
    private const int RightMargin = 70;

    /// <summary>Draws it.</summary>
    public static string Draw(LoadReport report)
    {
        var rows = report.Comparisons.Select(row => (row.Scenario, Ratio: row.RatioOf(sample => sample.Rate)))
            .Where(row => row.Scenario.Kind == ScenarioKind.Throughput).ToList();
        var scale = (Width - LabelWidth - RightMargin) / Math.Max(1.0, rows.Max(row => row.Ratio.Greatest));
        var bottom = Top + (rows.Count * RowHeight);
        var svg = new StringBuilder();
        Line(svg, $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {bottom + 58}\" font-family=\"system-ui, sans-serif\" font-size=\"13\" fill=\"#1f2933\">");
        Line(svg, $"<rect width=\"{Width}\" height=\"{bottom + 58}\" fill=\"#ffffff\"/>");
        Line(svg, $"<text x=\"16\" y=\"26\" font-size=\"17\" font-weight=\"600\">Decisions per second, as a share of a bare gRPC echo</text>");
        Line(svg, $"<text x=\"16\" y=\"46\" fill=\"#52606d\">same run, same machine, same message sizes; {report.Run.Rounds} rounds of {report.Run.Duration.TotalSeconds:0.#} s</text>");
        foreach (var tick in new[] { 0, 0.25, 0.5, 0.75, 1.0 })
        {
            var x = LabelWidth + (tick * scale);
            Line(svg, $"<line x1=\"{x:0.#}\" y1=\"{Top - 4}\" x2=\"{x:0.#}\" y2=\"{bottom}\" stroke=\"{(tick == 1 ? "#52606d" : "#e4e7eb")}\"/>");
            Line(svg, $"<text x=\"{x:0.#}\" y=\"{bottom + 18}\" text-anchor=\"middle\" fill=\"#52606d\">{(tick == 1 ? "1 = echo" : tick.ToString("0.##", CultureInfo.InvariantCulture))}</text>");
        }

        for (var i = 0; i < rows.Count; i++)
        {
            DrawRow(svg, rows[i].Scenario, rows[i].Ratio, Top + (i * RowHeight), scale);
        }

        Line(svg, $"<text x=\"16\" y=\"{bottom + 44}\" font-size=\"11\" fill=\"#7b8794\">{Escape(report.Machine.Processor)}, {report.Machine.Runtime}. Bar: median; line: least to greatest round.</text>");
        return svg.AppendLine("</svg>").ToString();
    }

    private static void DrawRow(StringBuilder svg, Scenario scenario, Ratio ratio, int y, double scale)
    {
        var middle = y + (RowHeight / 2);
        var (least, greatest) = (LabelWidth + (ratio.Least * scale), LabelWidth + (ratio.Greatest * scale));
        var agents = scenario.Agents == 1 ? "1 agent" : $"{scenario.Agents:N0} agents";
        Line(svg, $"<text x=\"{LabelWidth - 10}\" y=\"{middle + 5}\" text-anchor=\"end\">{Escape(scenario.Name)}; {agents}</text>");
        Line(svg, $"<rect x=\"{LabelWidth}\" y=\"{y + 7}\" width=\"{ratio.Median * scale:0.#}\" height=\"{RowHeight - 14}\" rx=\"2\" fill=\"#2f6fde\"/>");
        Line(svg, $"<line x1=\"{least:0.#}\" y1=\"{middle}\" x2=\"{greatest:0.#}\" y2=\"{middle}\" stroke=\"#102a56\" stroke-width=\"2\"/>");
        Line(svg, $"<text x=\"{greatest + 8:0.#}\" y=\"{middle + 5}\" font-weight=\"600\">{ratio.Median:0.00}</text>");
    }

    private static void Line(StringBuilder svg, FormattableString line) => svg.AppendLine(line.ToString(CultureInfo.InvariantCulture));

    private static string Escape(string text) => System.Net.WebUtility.HtmlEncode(text);
}
