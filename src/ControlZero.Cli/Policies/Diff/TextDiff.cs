using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;
using DiffPlex.DiffBuilder;
using DiffPlex.DiffBuilder.Model;

namespace ControlZero.Cli.Policies.Diff;

/// <summary>Shows where two documents are written otherwise, line by line.</summary>
internal static class TextDiff
{
    // Lines that are shown around a change.
    private const int Around = 3;

    /// <summary>Shows it, and gives the exit code.</summary>
    public static int Show(Report report, string name, GetPolicyResponse? published, string text)
    {
        var lines = InlineDiffBuilder.Diff(published?.Document ?? "", text, ignoreWhiteSpace: false).Lines;
        var isSame = published?.Document == text;
        if (report.IsJson)
        {
            report.Json(new
            {
                Name = name,
                Version = published?.Policy.Version,
                SameText = isSame,
                Lines = lines.Select(line => new { Change = Mark(line), line.Text }),
            });
        }
        else
        {
            Print(report, published, isSame, lines);
        }

        return isSame ? ExitCodes.Ok : ExitCodes.Findings;
    }

    private static void Print(Report report, GetPolicyResponse? published, bool isSame, List<DiffPiece> lines)
    {
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

        report.Words(published is null ? MeaningDiff.AllNew
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
