using ControlZero.Engine.Context;
using System.Runtime.CompilerServices;
using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Documents;

namespace ControlZero.Engine.Policies;

/// <summary>Reads typed values from nodes, and notes what does not fit. Null means: not there, or noted.</summary>
internal sealed class FieldReader(FindingList findings) : IFindings
{
    /// <inheritdoc/>
    public bool HasRoom => findings.HasRoom;

    /// <summary>Complains of every field whose name is not known. False when this is no object at all.</summary>
    public bool CheckObject(DocumentNode node, string what, IReadOnlyList<string> known)
    {
        if (node.Kind != NodeKind.Object)
        {
            WrongType(node, $"{what} must be an object of named values", "write it as `key: value` lines, or between braces in JSON");
            return false;
        }

        foreach (var field in node.Fields)
        {
            if (!known.Contains(field.Name))
            {
                findings.Error(field, DiagnosticCodes.UnknownField, $"{what} has no field {Quoted.Text(field.Name)}",
                    $"{NearestWord.Remedy(field.Name, known)}");
            }
        }

        return true;
    }

    /// <summary>A text of a field. Noted when it is another scalar: YAML makes it easy to write a number and mean a text.</summary>
    public string? Text(DocumentNode? node, string what)
    {
        switch (node?.Kind)
        {
            case null or NodeKind.Invalid:
                return null;
            case NodeKind.Text:
                return node.Text;
            case NodeKind.Ambiguous or NodeKind.Number or NodeKind.Boolean:
                WrongType(node, $"{what} must be a text, and {Quoted.Text(node.Text)} is none without quotes",
                    $"quote it: \"{Quoted.Bare(node.Text)}\"");
                return null;
            default:
                WrongType(node, $"{what} must be a text", "give it a text, or leave the field out");
                return null;
        }
    }

    /// <summary>A text that is not longer than any text of a rule may be.</summary>
    public string? BoundedText(DocumentNode? node, string what)
    {
        if (Text(node, what) is not { } text)
        {
            return null;
        }

        if (text.Length <= Limits.RuleTextMaxLength)
        {
            return text;
        }

        findings.Error(node!, DiagnosticCodes.FieldTooLong, $"{what} has {text.Length} characters, more than {Limits.RuleTextMaxLength}",
            $"use at most {Limits.RuleTextMaxLength} characters");
        return null;
    }

    /// <summary>One of a few words.</summary>
    public string? Word(DocumentNode? node, string what, IReadOnlyList<string> words, string code = DiagnosticCodes.FieldValue)
    {
        if (Text(node, what) is not { } text)
        {
            return null;
        }

        if (words.Contains(text))
        {
            return text;
        }

        findings.Error(node!, code, $"{what} cannot be {Quoted.Text(text)}", $"{NearestWord.Remedy(text, words)}");
        return null;
    }

    /// <summary>A truth value.</summary>
    public bool? Boolean(DocumentNode? node, string what)
    {
        if (node?.Kind == NodeKind.Boolean)
        {
            return node.Boolean;
        }

        WrongType(node, $"{what} must be true or false", "write `true` or `false`, without quotes");
        return null;
    }

    /// <summary>A list with at least one item, or the one value that stands for a list of one. Null: noted.</summary>
    public IReadOnlyList<DocumentNode>? OneOrMany(DocumentNode node, string what)
    {
        if (node.Kind != NodeKind.List)
        {
            return [node];
        }

        if (node.Items.Count > 0)
        {
            return node.Items;
        }

        findings.Error(node, DiagnosticCodes.EmptyList, $"{what} is an empty list", "name at least one, or leave the field out");
        return null;
    }

    /// <summary>A text, a number or a truth value. Null: anything else, noted under the given code.</summary>
    public ContextValue? Scalar(DocumentNode node, string what, string code)
    {
        switch (node.Kind)
        {
            case NodeKind.Text:
                return ContextValue.Of(node.Text);
            case NodeKind.Number:
                return ContextValue.Of(node.Number);
            case NodeKind.Boolean:
                return ContextValue.Of(node.Boolean);
            case NodeKind.Ambiguous:
                Text(node, what);
                return null;
            case NodeKind.Invalid:
                return null;
            default:
                findings.Error(node, code, $"{what} must be a text, a number or a truth value", "give it one, or ask for `exists`");
                return null;
        }
    }

    /// <summary>A text that names or identifies something: not empty, trimmed, visible.</summary>
    public string? Identifier(DocumentNode? node, string what)
    {
        if (BoundedText(node, what) is not { } text)
        {
            return null;
        }

        if (text.Length == 0)
        {
            findings.Error(node!, DiagnosticCodes.FieldRequired, $"{what} is empty", "give it a text, or leave the field out");
            return null;
        }

        if (text.AsSpan().Trim().Length == text.Length && VisibleText.IndexOfHidden(text) < 0)
        {
            return text;
        }

        findings.Error(node!, DiagnosticCodes.NameSyntax,
            $"{what} {Quoted.Text(text)} begins or ends with white space, or has a character nobody sees",
            "remove white space at the ends, and control, format and bidirectional characters");
        return null;
    }

    /// <summary>Notes a value of the wrong type; silent where the reader has complained already.</summary>
    public void WrongType(
        DocumentNode? node,
        [InterpolatedStringHandlerArgument("")] FindingText message,
        [InterpolatedStringHandlerArgument("")] FindingText remedy)
    {
        if (node is not null && node.Kind != NodeKind.Invalid)
        {
            findings.Error(node, DiagnosticCodes.FieldType, message, remedy);
        }
    }
}
