using ControlZero.Engine.Diagnostics;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace ControlZero.Engine.Documents;

/// <summary>
/// Reads YAML from parser events, without the features that let a short text mean something long or hidden: no anchors, aliases, tags,
/// merge keys or further documents.
/// </summary>
internal sealed class YamlDocumentReader(string text, FindingList findings)
{
    private readonly Parser _parser = new(new Scanner(new StringReader(text), skipComments: true));
    private int _values;

    /// <summary>The tree, or null and an error.</summary>
    public DocumentNode? Read()
    {
        if (YamlCharacters.TryFindForbidden(text, out var line, out var column, out var name))
        {
            findings.Error(line, column, DiagnosticCodes.Syntax, $"the character {name} is not allowed in YAML text",
                "remove it, or write it as an escape between double quotes");
            return null;
        }

        try
        {
            return ReadDocument();
        }
        catch (YamlException refused)
        {
            SyntaxError(PlaceOf(refused), Clause(refused.Message));
            return null;
        }
        catch (Exception failed) when (failed is not OutOfMemoryException)
        {
            // Some malformed texts trip the library's own assertions. They are as malformed as the others.
            SyntaxError(_parser.Current?.End ?? Mark.Empty, "it cannot be read after this place");
            return null;
        }
    }

    private DocumentNode? ReadDocument()
    {
        while (Next() is StreamStart)
        {
        }

        if (_parser.Current is not DocumentStart)
        {
            findings.Error(0, 0, DiagnosticCodes.FieldRequired, "the document is empty", "give it a `name` and `rules`");
            return null;
        }

        var first = Next()!;
        var root = new DocumentNode((int)first.Start.Line, (int)first.Start.Column);
        if (!TryReadValue(first, root, depth: 1))
        {
            return null;
        }

        while (Next() is { } following)
        {
            if (following is DocumentStart)
            {
                findings.Error((int)following.Start.Line, (int)following.Start.Column, DiagnosticCodes.YamlMultiDoc,
                    "a second document begins here", "publish each policy by itself");
                break;
            }
        }

        return root;
    }

    private bool TryReadValue(ParsingEvent current, DocumentNode node, int depth)
    {
        if (++_values > Limits.PolicyMaxValues)
        {
            DocumentReader.ReportCount(node, findings);
            return false;
        }

        if (current is AnchorAlias alias)
        {
            findings.Error(node, DiagnosticCodes.YamlAliasForbidden, $"the alias {Quoted.Text("*" + alias.Value)} is not allowed",
                "put a pattern that begins with `*` between quotes; write the value out where an alias was meant");
            return true;
        }

        ReportProperties((NodeEvent)current, node);
        if (current is Scalar scalar)
        {
            ReadScalar(scalar, node);
            return true;
        }

        if (depth > Limits.PolicyMaxDepth)
        {
            DocumentReader.ReportDepth(node, findings);
            return false;
        }

        if (current is MappingStart)
        {
            node.Kind = NodeKind.Object;
            return TryReadFields(node, depth);
        }

        node.Kind = NodeKind.List;
        return TryReadItems(node, depth);
    }

    private bool TryReadFields(DocumentNode node, int depth)
    {
        HashSet<string>? names = null;
        while (Next() is { } key and not MappingEnd)
        {
            if (ReadKey(key, node) is not { } name)
            {
                return false;
            }

            var value = Next()!;
            var field = new DocumentField(name, (int)key.Start.Line, (int)key.Start.Column,
                node.NewField(name, (int)value.Start.Line, (int)value.Start.Column));
            if (key is NodeEvent property)
            {
                ReportProperties(property, field.Value);
            }

            if (!TryReadValue(value, field.Value, depth + 1))
            {
                return false;
            }

            if (key is Scalar { Style: ScalarStyle.Plain, Value: "<<" })
            {
                findings.Error(field, DiagnosticCodes.UnknownField, "the merge key `<<` is not allowed", "write the fields out");
            }
            else if (!node.TryAdd(field, ref names))
            {
                findings.Error(field, DiagnosticCodes.YamlDuplicateKey, $"the key {Quoted.Text(name)} stands here twice",
                    "keep one of the two");
            }
        }

        return true;
    }

    private bool TryReadItems(DocumentNode node, int depth)
    {
        while (Next() is { } current and not SequenceEnd)
        {
            var item = node.NewItem((int)current.Start.Line, (int)current.Start.Column);
            if (!TryReadValue(current, item, depth + 1))
            {
                return false;
            }

            node.Add(item);
        }

        return true;
    }

    // Null: the key is nothing that a name can be made of, and reading on would report nonsense.
    private string? ReadKey(ParsingEvent key, DocumentNode node)
    {
        if (key is AnchorAlias alias)
        {
            findings.Error((int)key.Start.Line, (int)key.Start.Column, DiagnosticCodes.YamlAliasForbidden,
                $"the alias {Quoted.Text("*" + alias.Value)} is not allowed", "write the key out");
            return null;
        }

        if (key is Scalar scalar
            && (scalar.Style != ScalarStyle.Plain || scalar.Value.Length > 0)
            && VisibleText.IndexOfLoneSurrogate(scalar.Value) < 0)
        {
            return scalar.Value;
        }

        var refused = node.NewField("?", (int)key.Start.Line, (int)key.Start.Column);
        findings.Error(refused, node.Path, DiagnosticCodes.FieldType, "a key must be a text", "write `key: value`");
        return null;
    }

    private void ReadScalar(Scalar scalar, DocumentNode node)
    {
        if (scalar.Style != ScalarStyle.Plain)
        {
            node.Kind = NodeKind.Text;
            node.Text = scalar.Value;
        }
        else if (!PlainScalar.TryResolve(scalar.Value, node))
        {
            node.Kind = NodeKind.Invalid;
            findings.Error(node, DiagnosticCodes.NumberRange, $"{Quoted.Text(node.Text)} is larger than any number held here",
                "write a smaller number, or quote it");
        }

        if (VisibleText.IndexOfLoneSurrogate(scalar.Value) >= 0)
        {
            node.Kind = NodeKind.Invalid;
            findings.Error(node, DiagnosticCodes.Syntax, "this text has half a surrogate pair",
                "write both halves, or the character itself");
        }
    }

    private void ReportProperties(NodeEvent current, DocumentNode node)
    {
        if (!current.Anchor.IsEmpty)
        {
            findings.Error(node, DiagnosticCodes.YamlAliasForbidden, $"the anchor {Quoted.Text("&" + current.Anchor.Value)} is not allowed",
                "write the value out where it is needed");
        }

        if (!current.Tag.IsEmpty)
        {
            findings.Error(node, DiagnosticCodes.YamlTagForbidden, $"the tag {Quoted.Text(current.Tag.ToString())} is not allowed",
                "remove it; quote the value if it is a text");
        }
    }

    private ParsingEvent? Next() => _parser.MoveNext() ? _parser.Current : null;

    private void SyntaxError(Mark place, string what) => findings.Error((int)place.Line, (int)place.Column, DiagnosticCodes.Syntax,
        $"this is not YAML: {what}",
        what.Contains("anchor or alias", StringComparison.Ordinal)
            ? "put a text that begins with `*` or `&` between quotes: \"*\""
            : "check the indentation, the colons, the brackets and the quotes on this line and the one before");

    // What spans lines is shown where it broke rather than where it began; and never before what was read without complaint.
    private Mark PlaceOf(YamlException refused)
    {
        var place = refused.End.Line > refused.Start.Line ? refused.End : refused.Start;
        var read = _parser.Current?.End ?? Mark.Empty;
        return place.Index < read.Index ? read : place;
    }

    private static string Clause(string message)
    {
        var clause = message.TrimEnd('.');
        return clause.Length == 0 ? "it cannot be read" : char.ToLowerInvariant(clause[0]) + Quoted.Bare(clause.AsSpan(1));
    }
}
