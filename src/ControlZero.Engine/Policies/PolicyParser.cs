using System.Collections.Immutable;
using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Documents;
using ControlZero.Engine.Quotas;

namespace ControlZero.Engine.Policies;

/// <summary>
/// Reads policy documents. Any text may be handed in: the answer is a policy or findings, never an exception, in time linear in its length.
/// </summary>
public static class PolicyParser
{
    /// <summary>Reads one document: JSON when its first character other than white space is <c>{</c>, YAML otherwise.</summary>
    public static PolicyParseResult Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var findings = new FindingList();
        var root = DocumentReader.Read(text, findings);
        var document = root is null ? null : new PolicyBinder(findings).Bind(root);
        if (document is not null && !findings.HasErrors)
        {
            new PolicyLint(findings).Check(document.Value);
        }

        return new PolicyParseResult
        {
            Document = findings.HasErrors ? null : document?.Document,
            Diagnostics = findings.ToSorted(),
            Values = root?.CountValues() ?? 0,
        };
    }

    /// <summary>Reads a document that has <c>limits</c> as a policy states them, and nothing else.</summary>
    public static LimitParseResult ParseLimits(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var findings = new FindingList();
        ImmutableArray<QuotaLimit> limits = [];
        if (DocumentReader.Read(text, findings) is { } root && new FieldReader(findings).CheckObject(root, "a file of limits", ["limits"]))
        {
            if (root.Find("limits") is { } list)
            {
                limits = new LimitBinder(findings).Bind(list, policy: "");
            }
            else
            {
                findings.Error(root, "limits", DiagnosticCodes.FieldRequired, "`limits` is missing", "write `limits:` and a list of them");
            }
        }

        return new LimitParseResult(findings.HasErrors ? [] : limits, findings.ToSorted(), !findings.HasErrors);
    }
}
