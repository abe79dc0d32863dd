using System.Text;
using System.Text.Json;
using ControlZero.Engine.Diagnostics;

namespace ControlZero.Engine.Documents;

/// <summary>Reads JSON: strictly, with the place of every value, and never deeper than the limit.</summary>
internal sealed class JsonDocumentReader
{
    private const string SyntaxRemedy =
        "JSON takes no comments, no trailing commas and only double quotes; a text that begins with `{` is read as JSON";

    private readonly FindingList _findings;
    private readonly byte[] _utf8;
    private readonly TextPosition _position;
    private readonly long? _loneSurrogate;
    private int _values;

    /// <summary>A reader of one text.</summary>
    public JsonDocumentReader(string text, FindingList findings)
    {
        _findings = findings;
        _utf8 = Encoding.UTF8.GetBytes(text);
        _position = new TextPosition(_utf8);
        var lone = VisibleText.IndexOfLoneSurrogate(text);
        _loneSurrogate = lone < 0 ? null : Encoding.UTF8.GetByteCount(text.AsSpan(0, lone));
    }

    /// <summary>The tree, or null and an error.</summary>
    public DocumentNode? Read()
    {
        if (_loneSurrogate is { } lone)
        {
            SyntaxError(lone, "half a surrogate pair");
            return null;
        }

        var reader = new Utf8JsonReader(_utf8);
        try
        {
            reader.Read();
            var (line, column) = _position.At(reader.TokenStartIndex);
            var root = new DocumentNode(line, column);
            if (!TryReadValue(ref reader, root, depth: 1))
            {
                return null;
            }

            reader.Read();
            return root;
        }
        catch (JsonException refused)
        {
            var offset = _position.OffsetOf(refused.LineNumber ?? 0, refused.BytePositionInLine ?? 0);
            SyntaxError(offset, Unexpected(offset));
            return null;
        }
    }

    private bool TryReadValue(ref Utf8JsonReader reader, DocumentNode node, int depth)
    {
        if (++_values > Limits.PolicyMaxValues)
        {
            DocumentReader.ReportCount(node, _findings);
            return false;
        }

        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject when depth > Limits.PolicyMaxDepth:
            case JsonTokenType.StartArray when depth > Limits.PolicyMaxDepth:
                DocumentReader.ReportDepth(node, _findings);
                return false;
            case JsonTokenType.StartObject:
                node.Kind = NodeKind.Object;
                return TryReadFields(ref reader, node, depth);
            case JsonTokenType.StartArray:
                node.Kind = NodeKind.List;
                return TryReadItems(ref reader, node, depth);
            case JsonTokenType.String:
                node.Kind = NodeKind.Text;
                var read = TryReadText(ref reader, out var text);
                node.Text = text;
                return read;
            case JsonTokenType.Number:
                ReadNumber(ref reader, node);
                return true;
            case JsonTokenType.True or JsonTokenType.False:
                node.Kind = NodeKind.Boolean;
                node.Boolean = reader.TokenType == JsonTokenType.True;
                node.Text = node.Boolean ? "true" : "false";
                return true;
            default:
                node.Kind = NodeKind.Null;
                node.Text = "null";
                return true;
        }
    }

    private bool TryReadFields(ref Utf8JsonReader reader, DocumentNode node, int depth)
    {
        HashSet<string>? names = null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var (line, column) = _position.At(reader.TokenStartIndex);
            if (!TryReadText(ref reader, out var name))
            {
                return false;
            }

            reader.Read();
            var (valueLine, valueColumn) = _position.At(reader.TokenStartIndex);
            var field = new DocumentField(name, line, column, node.NewField(name, valueLine, valueColumn));
            if (!TryReadValue(ref reader, field.Value, depth + 1))
            {
                return false;
            }

            if (!node.TryAdd(field, ref names))
            {
                _findings.Error(field, DiagnosticCodes.JsonDuplicateKey, $"the key {Quoted.Text(name)} stands here twice",
                    "keep one of the two");
            }
        }

        return true;
    }

    private bool TryReadItems(ref Utf8JsonReader reader, DocumentNode node, int depth)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var (line, column) = _position.At(reader.TokenStartIndex);
            var item = node.NewItem(line, column);
            if (!TryReadValue(ref reader, item, depth + 1))
            {
                return false;
            }

            node.Add(item);
        }

        return true;
    }

    private bool TryReadText(ref Utf8JsonReader reader, out string text)
    {
        try
        {
            text = reader.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            // The one text that is well-formed JSON and no text: an escaped half of a surrogate pair.
            SyntaxError(reader.TokenStartIndex, "half a surrogate pair");
            text = "";
            return false;
        }
    }

    private void ReadNumber(ref Utf8JsonReader reader, DocumentNode node)
    {
        node.Text = Encoding.ASCII.GetString(reader.ValueSpan);
        node.Kind = NodeKind.Number;
        if (reader.TryGetDouble(out var number) && double.IsFinite(number))
        {
            node.Number = number;
            return;
        }

        node.Kind = NodeKind.Invalid;
        _findings.Error(node, DiagnosticCodes.NumberRange, $"{Quoted.Text(node.Text)} is larger than any number held here",
            "write a smaller number, or quote it");
    }

    private string Unexpected(long offset)
    {
        if (offset >= _utf8.Length)
        {
            return "an early end";
        }

        Rune.DecodeFromUtf8(_utf8.AsSpan((int)offset), out var rune, out _);
        return Quoted.Text(rune.ToString());
    }

    private void SyntaxError(long offset, string what)
    {
        var (line, column) = _position.At(offset);
        _findings.Error(line, column, DiagnosticCodes.Syntax, $"this is not JSON: it has {what} here", SyntaxRemedy);
    }
}
