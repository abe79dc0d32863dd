using ControlZero.Cli.Output;
using ControlZero.Protocol.V1;

namespace ControlZero.Cli.Policies;

/// <summary>One finding in a document, whoever found it. Its JSON form is its properties.</summary>
internal sealed record Finding(int Line, int Column, string Severity, string Code, string Path, string Message, string Remedy)
{
    /// <summary>Whether the document is refused for it.</summary>
    public bool IsError() => Severity == "error";

    /// <summary>A finding of the cluster.</summary>
    public static Finding Of(Diagnostic found) => new(
        found.Line,
        found.Column,
        found.Severity == ControlZero.Protocol.V1.Severity.Warning ? "warning" : "error",
        found.Code,
        found.Path,
        found.Message,
        found.Remedy);

    /// <summary>A finding of this program.</summary>
    public static Finding Of(Engine.Diagnostics.Diagnostic found) => new(
        found.Line,
        found.Column,
        found.Severity == Engine.Diagnostics.DiagnosticSeverity.Warning ? "warning" : "error",
        found.Code,
        found.Path,
        found.Message,
        found.Remedy);

    /// <summary>Two lines that editors and people can read: <c>file:line:column severity CODE message</c> and the remedy.</summary>
    public string Describe(string file) => $"{file}:{Line}:{Column} {Severity} {Code} {Printable.Line(Message)}\n    {Printable.Line(Remedy)}";
}
