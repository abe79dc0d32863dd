using System.Buffers;
using ControlZero.Engine.Diagnostics;

namespace ControlZero.Engine.Requests;

public static partial class RequestSyntax
{
    private static readonly SearchValues<char> LabelKeyCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>
    /// Checks an agent's labels: at most 64, keys as <c>[a-z0-9][a-z0-9._-]{0,62}</c>, no key twice, values of at most 256 bytes of UTF-8
    /// without invisible characters.
    /// </summary>
    public static FieldFault? CheckLabels(IEnumerable<KeyValuePair<string, string>> labels)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        var count = 0;
        foreach (var (key, value) in labels)
        {
            if (++count > Limits.AgentMaxLabels)
            {
                return new("labels", FaultCodes.LabelTooMany, $"labels has more than {Limits.AgentMaxLabels} entries",
                    $"use at most {Limits.AgentMaxLabels} labels", Limits.AgentMaxLabels, count);
            }

            if ((CheckLabelKey(key) ?? CheckLabelValue($"labels.{key}", value)) is { } fault)
            {
                return fault;
            }

            if (!keys.Add(key))
            {
                return new($"labels.{key}", FaultCodes.LabelKeyTwice, $"the label `{key}` is given twice", "keep one of the two");
            }
        }

        return null;
    }

    /// <summary>Checks the key of one label: <c>[a-z0-9][a-z0-9._-]{0,62}</c>.</summary>
    internal static FieldFault? CheckLabelKey(string key)
    {
        if (key.Length > Limits.LabelKeyMaxLength)
        {
            return TooLong("labels", FaultCodes.LabelKeyTooLong, key, key.Length, Limits.LabelKeyMaxLength, "characters");
        }

        return IsId(key, LabelKeyCharacters)
            ? null
            : new("labels", FaultCodes.LabelKeySyntax, $"the label key {Quoted.Text(key)} does not match `[a-z0-9][a-z0-9._-]{{0,62}}`", "use another key");
    }

    private static FieldFault? CheckLabelValue(string field, string value) =>
        CheckBytes(field, FaultCodes.LabelValueTooLong, value, Limits.LabelValueMaxBytes) ?? CheckVisible(field, FaultCodes.LabelValueSyntax, value);
}
