using System.Globalization;
using System.Text;
using ControlZero.Engine.Diagnostics;

namespace ControlZero.Engine.Requests;

/// <summary>
/// How requests are spelled. The front door, the command line and the tests hold requests against this one place; every check answers
/// null when there is nothing to complain of. Nothing is folded, trimmed or decoded: what is refused here could be taken for something else.
/// </summary>
public static partial class RequestSyntax
{
    private const string HiddenRemedy = "remove it; control, format and bidirectional characters are refused";

    /// <summary>Checks a policy's name: 1 to 128 characters (UTF-16), trimmed, all of them visible.</summary>
    public static FieldFault? CheckPolicyName(string name)
    {
        const string field = "name";
        if (name.Length == 0)
        {
            return Required(field, "a policy needs a name");
        }

        if (name.Length > Limits.PolicyNameMaxLength)
        {
            return TooLong(field, FaultCodes.FieldTooLong, name, name.Length, Limits.PolicyNameMaxLength, "characters");
        }

        if (name.AsSpan().Trim().Length != name.Length)
        {
            return new(field, FaultCodes.NameSyntax, $"{field} {Quoted.Text(name)} begins or ends with white space", $"use {Quoted.Text(name.AsSpan().Trim())}");
        }

        return CheckVisible(field, FaultCodes.NameSyntax, name);
    }

    private static FieldFault? CheckVisible(string field, string code, string text)
    {
        var hidden = VisibleText.IndexOfHidden(text);
        return hidden < 0
            ? null
            : new(field, code, $"{field} {Quoted.Text(text)} has the character {VisibleText.CodePointAt(text, hidden)} at position {hidden}", HiddenRemedy);
    }

    private static FieldFault Required(string field, string remedy) =>
        new(field, FaultCodes.FieldRequired, $"{field} is missing or empty", remedy);

    private static FieldFault TooLong(string field, string code, string text, long actual, long limit, string unit) =>
        new(field, code, string.Create(CultureInfo.InvariantCulture, $"{field} {Quoted.Text(text)} has {actual} {unit}, more than {limit}"), $"use at most {limit} {unit}", limit, actual);

    private static FieldFault? CheckBytes(string field, string code, string text, int limit)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        return bytes <= limit ? null : TooLong(field, code, text, bytes, limit, "bytes");
    }
}
