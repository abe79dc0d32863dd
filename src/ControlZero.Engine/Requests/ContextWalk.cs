using System.Text;
using ControlZero.Engine.Context;
using ControlZero.Engine.Diagnostics;

namespace ControlZero.Engine.Requests;

/// <summary>One walk over a context. Never goes deeper than the limit, however deep the value is.</summary>
internal sealed class ContextWalk
{
    private FieldFault? _first;
    private long _entries;
    private long _bytes;

    /// <summary>The first fault: too many entries before everything else, the size of the whole after everything else.</summary>
    public FieldFault? Check(ContextValue context)
    {
        Visit(context, "context", level: 0);
        if (_entries > Limits.ContextMaxEntries)
        {
            return Exceeded("context", FaultCodes.ContextTooMany, _entries, Limits.ContextMaxEntries, "entries");
        }

        return _first ?? (_bytes > Limits.ContextMaxBytes
            ? Exceeded("context", FaultCodes.ContextTooLarge, _bytes, Limits.ContextMaxBytes, "bytes")
            : null);
    }

    private void Visit(ContextValue value, string field, int level)
    {
        if (level > Limits.ContextMaxDepth)
        {
            _first ??= Exceeded(field, FaultCodes.ContextTooDeep, level, Limits.ContextMaxDepth, "levels");
            return;
        }

        _entries += value.Fields.Length + value.Items.Length;
        if (_entries > Limits.ContextMaxEntries)
        {
            return;
        }

        VisitScalar(value, field);
        for (var index = 0; index < value.Items.Length; index++)
        {
            Visit(value.Items[index], $"{field}[{index}]", level + 1);
        }

        foreach (var (name, inner) in value.Fields)
        {
            var path = $"{field}.{Quoted.Bare(name)}";
            VisitKey(name, path, isTop: level == 0);
            Visit(inner, path, level + 1);
        }
    }

    private void VisitKey(string name, string path, bool isTop)
    {
        _bytes += Encoding.UTF8.GetByteCount(name);
        if (name.Length == 0)
        {
            _first ??= new(path, FaultCodes.ContextKeySyntax, "a key of the context is empty", "give it a name");
        }
        else if (name.Length > Limits.ContextKeyMaxLength)
        {
            _first ??= Exceeded(path, FaultCodes.ContextKeyTooLong, name.Length, Limits.ContextKeyMaxLength, "characters");
        }
        else if (name.AsSpan().ContainsAnyInRange('\0', '\u001f') || name.AsSpan().ContainsAnyInRange('\u007f', '\u009f') || VisibleText.IndexOfLoneSurrogate(name) >= 0)
        {
            _first ??= new(path, FaultCodes.ContextKeySyntax, $"the context key {Quoted.Text(name)} has a control character", "remove it");
        }
        else if (isTop && RequestSyntax.IsReserved(name))
        {
            _first ??= new(path, FaultCodes.ContextReserved, $"the context key {Quoted.Text(name)} names a fact of the server's own", "use another key");
        }
    }

    private void VisitScalar(ContextValue value, string field)
    {
        if (value.Kind == ContextKind.Number && !double.IsFinite(value.Number))
        {
            _first ??= new(field, FaultCodes.ContextNumber, $"{field} is not a finite number", "give a finite number, or a text");
            return;
        }

        var bytes = Encoding.UTF8.GetByteCount(value.AsText() ?? "");
        _bytes += bytes;
        if (bytes > Limits.ContextValueMaxBytes)
        {
            _first ??= Exceeded(field, FaultCodes.ContextValueTooLarge, bytes, Limits.ContextValueMaxBytes, "bytes");
        }
    }

    private static FieldFault Exceeded(string field, string code, long actual, long limit, string unit) =>
        new(field, code, $"{field} has {actual} {unit}, more than {limit}", $"send at most {limit} {unit}", limit, actual);
}
