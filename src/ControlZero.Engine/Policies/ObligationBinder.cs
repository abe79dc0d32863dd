using System.Collections.Immutable;
using ControlZero.Engine.Context;
using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Documents;

namespace ControlZero.Engine.Policies;

/// <summary>Reads the obligations of a rule.</summary>
internal sealed class ObligationBinder(FindingList findings)
{
    private readonly FieldReader _fields = new(findings);

    /// <summary>The obligations, in the order they are written.</summary>
    public ImmutableArray<Obligation> Bind(DocumentNode node)
    {
        if (node.Kind != NodeKind.List)
        {
            _fields.WrongType(node, "`obligations` must be a list", "write `- name` lines, or put them between brackets in JSON");
            return [];
        }

        return _fields.OneOrMany(node, "`obligations`") is { } items ? [.. items.Select(BindOne).OfType<Obligation>()] : [];
    }

    private Obligation? BindOne(DocumentNode node)
    {
        if (node.Kind != NodeKind.Object)
        {
            return _fields.Identifier(node, "an obligation") is { } plain ? new Obligation(plain, null) : null;
        }

        _fields.CheckObject(node, "an obligation", PolicySchema.ObligationKeys);
        if (node.Find("name") is not { } nameNode)
        {
            findings.Error(node, node.PathOf("name"), DiagnosticCodes.FieldRequired, "an obligation has no `name`", "name it");
            return null;
        }

        var name = _fields.Identifier(nameNode, "`name`");
        return ReadParameters(node.Find("parameters"), out var parameters) && name is not null ? new Obligation(name, parameters) : null;
    }

    private bool ReadParameters(DocumentNode? node, out ContextValue? parameters)
    {
        parameters = null;
        if (node is null)
        {
            return true;
        }

        if (node.Kind != NodeKind.Object)
        {
            _fields.WrongType(node, "`parameters` must be an object of named values", "write `key: value` lines, or leave it out");
            return false;
        }

        parameters = ToValue(node);
        return true;
    }

    // Recursion is bounded: the reader admits no document deeper than its limit.
    private ContextValue ToValue(DocumentNode node) => node.Kind switch
    {
        NodeKind.Object => ContextValue.Of([.. node.Fields.Select(field => new ContextField(field.Name, ToValue(field.Value)))]),
        NodeKind.List => ContextValue.List([.. node.Items.Select(ToValue)]),
        NodeKind.Null => ContextValue.Null,
        _ => _fields.Scalar(node, "a parameter", DiagnosticCodes.FieldType) ?? ContextValue.Null,
    };
}
