using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using ControlZero.Engine.Context;
using ControlZero.Engine.Diagnostics;
using ControlZero.Engine.Documents;

namespace ControlZero.Engine.Policies;

/// <summary>Reads what conditions hold values against. Null: noted.</summary>
internal sealed class OperandReader(FindingList findings) : IFindings
{
    private readonly FieldReader _fields = new(findings);
    private readonly PatternReader _patterns = new(findings);

    /// <inheritdoc/>
    public bool HasRoom => findings.HasRoom;

    /// <summary>One pattern or several. A number or truth value stands for its text.</summary>
    public ImmutableArray<ContextValue>? Globs(DocumentNode node, string what)
    {
        if (_fields.OneOrMany(node, what) is not { } items)
        {
            return null;
        }

        _patterns.CheckCount(node, what, items.Count);
        var operands = ImmutableArray.CreateBuilder<ContextValue>(items.Count);
        foreach (var item in items)
        {
            if (_fields.Scalar(item, what, DiagnosticCodes.OperandInvalid) is { } scalar && _patterns.Check(item, what, scalar.AsText()!))
            {
                operands.Add(scalar.Kind == ContextKind.Text ? scalar : ContextValue.Of(scalar.AsText()!));
            }
        }

        return operands.DrainToImmutable();
    }

    /// <summary>One text, number or truth value.</summary>
    public ImmutableArray<ContextValue>? One(DocumentNode node, string what)
    {
        if (node.Kind == NodeKind.List)
        {
            return Refuse(node, $"{what} takes one value, not a list", "use `in` for several");
        }

        return _fields.Scalar(node, what, DiagnosticCodes.OperandInvalid) is { } scalar ? [scalar] : null;
    }

    /// <summary>A list of texts, numbers and truth values.</summary>
    public ImmutableArray<ContextValue>? Scalars(DocumentNode node, string what)
    {
        if (node.Kind != NodeKind.List)
        {
            return Refuse(node, $"{what} takes a list", "put the value between brackets, or use `eq` or `not`");
        }

        if (_fields.OneOrMany(node, what) is not { } items)
        {
            return null;
        }

        var operands = ImmutableArray.CreateBuilder<ContextValue>(items.Count);
        var entry = $"an entry of {what}";
        foreach (var item in items)
        {
            if (_fields.Scalar(item, entry, DiagnosticCodes.OperandInvalid) is { } scalar)
            {
                operands.Add(scalar);
            }
        }

        return operands.DrainToImmutable();
    }

    /// <summary>One number.</summary>
    public ImmutableArray<ContextValue>? Number(DocumentNode node, string what) => node.Kind == NodeKind.Number
        ? [ContextValue.Of(node.Number)]
        : Refuse(node, $"{what} takes a number", "write a number without quotes; only `request.time` is compared with instants");

    /// <summary>Two numbers, the smaller one first.</summary>
    public ImmutableArray<ContextValue>? Range(DocumentNode node, string what)
    {
        if (node.Kind != NodeKind.List || node.Items.Count != 2 || node.Items.Exists(item => item.Kind != NodeKind.Number))
        {
            return Refuse(node, $"{what} takes a list of two numbers",
                "write `between: [lowest, highest]`; times of day are asked of `request.time`");
        }

        var (lowest, highest) = (node.Items[0], node.Items[1]);
        return lowest.Number <= highest.Number
            ? [ContextValue.Of(lowest.Number), ContextValue.Of(highest.Number)]
            : Refuse(node, $"{what} begins at {Quoted.Text(lowest.Text)} and ends at {Quoted.Text(highest.Text)}, which is less",
                "put the smaller number first");
    }

    /// <summary>One network or several.</summary>
    public ImmutableArray<ContextValue>? Networks(DocumentNode node, string what)
    {
        if (_fields.OneOrMany(node, what) is not { } items)
        {
            return null;
        }

        _patterns.CheckCount(node, what, items.Count);
        foreach (var item in items)
        {
            if (item.Kind != NodeKind.Text)
            {
                Refuse(item, $"{what} takes a network", "write one like \"10.0.0.0/8\" or \"2001:db8::/32\"");
            }
            else if (NetworkSyntax.WhyRefused(item.Text) is { } fault)
            {
                Refuse(item, $"{Quoted.Text(item.Text)} is no network: {fault.Why}", fault.Remedy);
            }
        }

        return [.. items.Select(item => ContextValue.Of(item.Text))];
    }

    private ImmutableArray<ContextValue>? Refuse(
        DocumentNode node,
        [InterpolatedStringHandlerArgument("")] FindingText message,
        [InterpolatedStringHandlerArgument("")] FindingText remedy)
    {
        if (node.Kind != NodeKind.Invalid)
        {
            findings.Error(node, DiagnosticCodes.OperandInvalid, message, remedy);
        }

        return null;
    }
}
