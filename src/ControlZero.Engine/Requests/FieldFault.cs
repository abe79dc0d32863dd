namespace ControlZero.Engine.Requests;

/// <summary>Why a field of a request is refused.</summary>
/// <param name="Field">Which field: <c>agent_id</c>, <c>context.user.name</c>.</param>
/// <param name="Code">What kind of fault: one of <see cref="FaultCodes"/>.</param>
/// <param name="Message">What is wrong, as a lower-case clause with the user's own input in backticks.</param>
/// <param name="Remedy">What to do about it.</param>
/// <param name="Limit">The limit that was exceeded, in its own unit, or null.</param>
/// <param name="Actual">What was found instead, in the same unit, or null.</param>
public sealed record FieldFault(string Field, string Code, string Message, string Remedy, long? Limit = null, long? Actual = null);

/// <summary>The codes of refused fields. Stable: programs and tests rely on them.</summary>
public static class FaultCodes
{
    /// <summary>A required field is missing or empty.</summary>
    public const string FieldRequired = "FIELD_REQUIRED";

    /// <summary>A value of the wrong type: a context that is no object.</summary>
    public const string FieldType = "FIELD_TYPE";

    /// <summary>A value that the field cannot have.</summary>
    public const string FieldValue = "FIELD_VALUE";

    /// <summary>A number below or above what the field can have.</summary>
    public const string NumberRange = "NUMBER_RANGE";

    /// <summary>A duration that is no time, or a longer one than the field can have.</summary>
    public const string DurationRange = "DURATION_RANGE";

    /// <summary>A list with more entries than it may have.</summary>
    public const string TooMany = "TOO_MANY";

    /// <summary>A policy name that is too long.</summary>
    public const string FieldTooLong = "FIELD_TOO_LONG";

    /// <summary>A policy name with characters that are not allowed in it.</summary>
    public const string NameSyntax = "NAME_SYNTAX";

    /// <summary>An empty, untrimmed, overlong or broken pattern.</summary>
    public const string PatternSyntax = "PATTERN_SYNTAX";

    /// <summary>An agent or tenant id that is not spelled like one.</summary>
    public const string IdSyntax = "ID_SYNTAX";

    /// <summary>An agent or tenant id that is too long.</summary>
    public const string IdTooLong = "ID_TOO_LONG";

    /// <summary>A request id that is not printable ASCII.</summary>
    public const string RequestIdSyntax = "REQUEST_ID_SYNTAX";

    /// <summary>A request id that is too long.</summary>
    public const string RequestIdTooLong = "REQUEST_ID_TOO_LONG";

    /// <summary>An action that is not spelled like one.</summary>
    public const string ActionSyntax = "ACTION_SYNTAX";

    /// <summary>An action that is too long.</summary>
    public const string ActionTooLong = "ACTION_TOO_LONG";

    /// <summary>A resource that is not spelled like one, or could be taken for another.</summary>
    public const string ResourceSyntax = "RESOURCE_SYNTAX";

    /// <summary>A resource that is too long.</summary>
    public const string ResourceTooLong = "RESOURCE_TOO_LONG";

    /// <summary>A context key that is too long.</summary>
    public const string ContextKeyTooLong = "CONTEXT_KEY_TOO_LONG";

    /// <summary>A context key that is empty or has characters that are not allowed in it.</summary>
    public const string ContextKeySyntax = "CONTEXT_KEY_SYNTAX";

    /// <summary>A context key that names a fact of the server's own.</summary>
    public const string ContextReserved = "CONTEXT_RESERVED";

    /// <summary>A context that is too large as a whole.</summary>
    public const string ContextTooLarge = "CONTEXT_TOO_LARGE";

    /// <summary>A context that is nested too deeply.</summary>
    public const string ContextTooDeep = "CONTEXT_TOO_DEEP";

    /// <summary>A context with too many entries.</summary>
    public const string ContextTooMany = "CONTEXT_TOO_MANY";

    /// <summary>A single value of a context that is too large.</summary>
    public const string ContextValueTooLarge = "CONTEXT_VALUE_TOO_LARGE";

    /// <summary>A number of a context that is not finite.</summary>
    public const string ContextNumber = "CONTEXT_NUMBER";

    /// <summary>Too many labels.</summary>
    public const string LabelTooMany = "LABEL_TOO_MANY";

    /// <summary>A label's key that is not spelled like one.</summary>
    public const string LabelKeySyntax = "LABEL_KEY_SYNTAX";

    /// <summary>A label's key that is too long.</summary>
    public const string LabelKeyTooLong = "LABEL_KEY_TOO_LONG";

    /// <summary>The same label twice.</summary>
    public const string LabelKeyTwice = "LABEL_KEY_TWICE";

    /// <summary>A label's value with characters that are not allowed in it.</summary>
    public const string LabelValueSyntax = "LABEL_VALUE_SYNTAX";

    /// <summary>A label's value that is too long.</summary>
    public const string LabelValueTooLong = "LABEL_VALUE_TOO_LONG";
}
