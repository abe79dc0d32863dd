using System.Text;
using ControlZero.Engine.Context;

namespace ControlZero.Engine.Policies;

/// <summary>What a rule adds to every answer it decides. The same rule may decide all requests of a batch.</summary>
/// <param name="Bytes">Texts in UTF-8, and eight for every other value.</param>
/// <param name="Values">Obligations and the values of their parameters.</param>
internal readonly record struct AnswerSize(long Bytes, long Values)
{
    private const int ScalarBytes = 8;

    /// <summary>True when an answer may have it.</summary>
    public bool IsAllowed => Bytes <= Limits.AnswerMaxBytes && Values <= Limits.RuleMaxObligationValues;

    /// <summary>The reasons and obligations of a rule.</summary>
    public static AnswerSize Of(PolicyRule rule)
    {
        var size = Of(rule.Obligations);
        long bytes = Encoding.UTF8.GetByteCount(rule.Reason ?? "");
        foreach (var (language, reason) in rule.ReasonLocalized)
        {
            bytes += language.Length + Encoding.UTF8.GetByteCount(reason);
        }

        return size with { Bytes = size.Bytes + bytes };
    }

    /// <summary>Obligations alone.</summary>
    public static AnswerSize Of(IEnumerable<Obligation> obligations)
    {
        var size = default(AnswerSize);
        foreach (var obligation in obligations)
        {
            size += new AnswerSize(Encoding.UTF8.GetByteCount(obligation.Name), 1);
            size += obligation.Parameters is { } parameters ? Of(parameters) : default;
        }

        return size;
    }

    private static AnswerSize Of(ContextValue value)
    {
        var size = new AnswerSize(value.Kind == ContextKind.Text ? Encoding.UTF8.GetByteCount(value.Text!) : ScalarBytes, 1);
        foreach (var item in value.Items)
        {
            size += Of(item);
        }

        foreach (var field in value.Fields)
        {
            size += Of(field.Value) + new AnswerSize(Encoding.UTF8.GetByteCount(field.Name), 0);
        }

        return size;
    }

    public static AnswerSize operator +(AnswerSize left, AnswerSize right) => new(left.Bytes + right.Bytes, left.Values + right.Values);
}
