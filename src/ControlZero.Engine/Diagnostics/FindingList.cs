using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using ControlZero.Engine.Documents;

namespace ControlZero.Engine.Diagnostics;

/// <summary>Collects the findings in one document. Nobody stops at the first.</summary>
internal sealed class FindingList : IFindings
{
    /// <summary>Most findings that are listed; the rest is counted. A person mends the first and asks again. Unit: entries.</summary>
    public const int MaxListed = 500;

    private readonly List<Diagnostic> _findings = [];
    private int _leftOut;

    /// <summary>True when the document is refused.</summary>
    public bool HasErrors { get; private set; }

    /// <inheritdoc/>
    public bool HasRoom => _findings.Count < MaxListed;

    /// <summary>Notes an error at a value.</summary>
    public void Error(
        DocumentNode node,
        string code,
        [InterpolatedStringHandlerArgument("")] FindingText message,
        [InterpolatedStringHandlerArgument("")] FindingText remedy)
    {
        if (TakesOne(DiagnosticSeverity.Error))
        {
            _findings.Add(new Diagnostic(node.Line, node.Column, DiagnosticSeverity.Error, code, node.Path, message.ToString(), remedy.ToString()));
        }
    }

    /// <summary>Notes an error at a value whose path is another than its own: a field that is missing from it.</summary>
    public void Error(
        DocumentNode node,
        string path,
        string code,
        [InterpolatedStringHandlerArgument("")] FindingText message,
        [InterpolatedStringHandlerArgument("")] FindingText remedy)
    {
        if (TakesOne(DiagnosticSeverity.Error))
        {
            _findings.Add(new Diagnostic(node.Line, node.Column, DiagnosticSeverity.Error, code, path, message.ToString(), remedy.ToString()));
        }
    }

    /// <summary>Notes an error at the name of a field.</summary>
    public void Error(
        DocumentField field,
        string code,
        [InterpolatedStringHandlerArgument("")] FindingText message,
        [InterpolatedStringHandlerArgument("")] FindingText remedy)
    {
        if (TakesOne(DiagnosticSeverity.Error))
        {
            _findings.Add(new Diagnostic(field.Line, field.Column, DiagnosticSeverity.Error, code, field.Value.Path, message.ToString(), remedy.ToString()));
        }
    }

    /// <summary>Notes an error at a place that has no value. Line and column 0: the whole document.</summary>
    public void Error(
        int line,
        int column,
        string code,
        [InterpolatedStringHandlerArgument("")] FindingText message,
        [InterpolatedStringHandlerArgument("")] FindingText remedy)
    {
        if (TakesOne(DiagnosticSeverity.Error))
        {
            _findings.Add(new Diagnostic(line, column, DiagnosticSeverity.Error, code, "", message.ToString(), remedy.ToString()));
        }
    }

    /// <summary>Notes a warning at a value.</summary>
    public void Warning(
        DocumentNode node,
        string code,
        [InterpolatedStringHandlerArgument("")] FindingText message,
        [InterpolatedStringHandlerArgument("")] FindingText remedy)
    {
        if (TakesOne(DiagnosticSeverity.Warning))
        {
            _findings.Add(new Diagnostic(node.Line, node.Column, DiagnosticSeverity.Warning, code, node.Path, message.ToString(), remedy.ToString()));
        }
    }

    /// <summary>Notes a warning at the name of a field.</summary>
    public void Warning(
        DocumentField field,
        string code,
        [InterpolatedStringHandlerArgument("")] FindingText message,
        [InterpolatedStringHandlerArgument("")] FindingText remedy)
    {
        if (TakesOne(DiagnosticSeverity.Warning))
        {
            _findings.Add(new Diagnostic(field.Line, field.Column, DiagnosticSeverity.Warning, code, field.Value.Path, message.ToString(), remedy.ToString()));
        }
    }

    /// <summary>All findings by position, and one more when some are left out.</summary>
    public ImmutableArray<Diagnostic> ToSorted()
    {
        var sorted = _findings.OrderBy(finding => finding, Comparer<Diagnostic>.Create(Diagnostic.ByPosition)).ToList();
        if (_leftOut > 0)
        {
            var severity = HasErrors ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning;
            sorted.Add(new Diagnostic(0, 0, severity, DiagnosticCodes.TooMany, "",
                $"{_leftOut} more findings are not listed; {MaxListed} are", "mend these first, then check again"));
        }

        return [.. sorted];
    }

    private bool TakesOne(DiagnosticSeverity severity)
    {
        HasErrors |= severity == DiagnosticSeverity.Error;
        if (HasRoom)
        {
            return true;
        }

        _leftOut++;
        return false;
    }
}
