namespace ControlZero.Engine.Diagnostics;

/// <summary>How serious a finding is.</summary>
public enum DiagnosticSeverity
{
    /// <summary>Not stated.</summary>
    Unspecified = 0,

    /// <summary>The document is refused.</summary>
    Error = 1,

    /// <summary>The document is accepted; somebody should look.</summary>
    Warning = 2,
}

/// <summary>One finding in a policy document.</summary>
/// <param name="Line">Line, from 1. 0: the whole document.</param>
/// <param name="Column">Column, from 1, in UTF-16 code units. 0: the whole document.</param>
/// <param name="Severity">How serious it is.</param>
/// <param name="Code">What kind of finding: one of <see cref="DiagnosticCodes"/>.</param>
/// <param name="Path">Where in the document: <c>rules[2].action</c>. Empty: the whole document.</param>
/// <param name="Message">What is wrong, as a lower-case clause with the user's own input in backticks.</param>
/// <param name="Remedy">What to do about it.</param>
public sealed record Diagnostic(
    int Line,
    int Column,
    DiagnosticSeverity Severity,
    string Code,
    string Path,
    string Message,
    string Remedy)
{
    /// <summary>Orders findings by position, errors before warnings, then by code and path, so that the same document always reads the same.</summary>
    public static int ByPosition(Diagnostic left, Diagnostic right)
    {
        var order = left.Line.CompareTo(right.Line);
        order = order != 0 ? order : left.Column.CompareTo(right.Column);
        order = order != 0 ? order : left.Severity.CompareTo(right.Severity);
        order = order != 0 ? order : string.CompareOrdinal(left.Code, right.Code);
        return order != 0 ? order : string.CompareOrdinal(left.Path, right.Path);
    }
}
