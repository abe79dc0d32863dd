using System.Text;
using ControlZero.Engine.Diagnostics;

namespace ControlZero.Engine.Documents;

/// <summary>Reads a document into a tree, whichever of the two languages it is written in.</summary>
internal static class DocumentReader
{
    /// <summary>Reads a text. Null, and at least one error, when there is no tree to go on with.</summary>
    public static DocumentNode? Read(string text, FindingList findings)
    {
        // The length in UTF-16 never exceeds the length in UTF-8, so a huge text is refused without being walked.
        var bytes = text.Length > Limits.PolicyMaxBytes ? text.Length : Encoding.UTF8.GetByteCount(text);
        if (bytes > Limits.PolicyMaxBytes)
        {
            findings.Error(0, 0, DiagnosticCodes.PolicyTooLarge,
                $"the document is larger than {Limits.PolicyMaxBytes} bytes of UTF-8", "split it into several policies");
            return null;
        }

        // Editors put a byte order mark in front of a file; it says nothing.
        var content = text.StartsWith('\ufeff') ? text[1..] : text;
        var start = content.AsSpan().IndexOfAnyExcept(" \t\r\n");
        if (start < 0)
        {
            findings.Error(0, 0, DiagnosticCodes.FieldRequired, "the document is empty", "give it a `name` and `rules`");
            return null;
        }

        return content[start] == '{' ? new JsonDocumentReader(content, findings).Read() : new YamlDocumentReader(content, findings).Read();
    }

    /// <summary>Notes that a document has more values than one may have. The reading ends there.</summary>
    public static void ReportCount(DocumentNode node, FindingList findings) =>
        findings.Error(node, DiagnosticCodes.PolicyTooLarge,
            $"the document has more than {Limits.PolicyMaxValues} values (objects, lists and scalars); the next one begins here",
            "split it into several policies, or name many things by one pattern");

    /// <summary>Notes that a document is nested too deeply.</summary>
    public static void ReportDepth(DocumentNode node, FindingList findings) =>
        findings.Error(node, DiagnosticCodes.PolicyTooLarge,
            $"the document is nested more than {Limits.PolicyMaxDepth} levels deep here", "flatten it");
}
