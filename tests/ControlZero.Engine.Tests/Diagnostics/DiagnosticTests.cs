using System.Reflection;
using ControlZero.Engine.Diagnostics;

namespace ControlZero.Engine.Tests.Diagnostics;

public sealed class DiagnosticTests
{
    [Fact]
    public void ByPosition_MixedFindings_SortsByPlaceThenSeverityThenCodeThenPath()
    {
        Diagnostic[] sorted =
        [
            Finding(0, 0, DiagnosticSeverity.Warning, "Z", ""),
            Finding(1, 2, DiagnosticSeverity.Error, "B", "a"),
            Finding(1, 2, DiagnosticSeverity.Error, "B", "b"),
            Finding(1, 2, DiagnosticSeverity.Error, "C", "a"),
            Finding(1, 2, DiagnosticSeverity.Warning, "A", "a"),
            Finding(1, 10, DiagnosticSeverity.Error, "A", "a"),
            Finding(2, 1, DiagnosticSeverity.Error, "A", "a"),
        ];

        var shuffled = sorted.Reverse().ToList();
        shuffled.Sort(Diagnostic.ByPosition);

        Assert.Equal(sorted, shuffled);
    }

    [Fact]
    public void Codes_All_AreDistinctAndInCapitals()
    {
        var codes = typeof(DiagnosticCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!).ToArray();

        Assert.Equal(codes.Length, codes.Distinct().Count());
        Assert.All(codes, code => Assert.Matches("^[A-Z][A-Z_]+$", code));
    }

    private static Diagnostic Finding(int line, int column, DiagnosticSeverity severity, string code, string path) =>
        new(line, column, severity, code, path, "message", "remedy");
}
