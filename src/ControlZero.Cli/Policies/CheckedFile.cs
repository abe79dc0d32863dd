using ControlZero.Cli.Output;

namespace ControlZero.Cli.Policies;

/// <summary>A document and what was found in it. Its JSON form is its properties.</summary>
internal sealed record CheckedFile(string File, bool Valid, IReadOnlyList<Finding> Diagnostics)
{
    /// <summary>Shows the findings of this file alone.</summary>
    public int Write(Report report, string words) => WriteAll(report, [this], words);

    /// <summary>Shows every finding of every file; the exit code says whether one of them is refused.</summary>
    public static int WriteAll(Report report, IReadOnlyList<CheckedFile> files, string words)
    {
        var valid = files.All(file => file.Valid);
        if (report.IsJson)
        {
            report.Json(new { Valid = valid, Files = files });
        }
        else
        {
            foreach (var (file, finding) in files.SelectMany(file => file.Diagnostics.Select(finding => (file.File, finding))))
            {
                report.Verbatim(finding.Describe(file) + "\n");
            }
        }

        report.Words(words);
        return valid ? ExitCodes.Ok : ExitCodes.Findings;
    }
}
