using Grpc.Core;

namespace ControlZero.Client.AI.Enforcement;

/// <summary>Errors for requests that cannot be asked about, and are therefore not sent. Worded and coded as the cluster's own.</summary>
internal static class Refusals
{
    public const string FieldRequired = "FIELD_REQUIRED";
    public const string FieldType = "FIELD_TYPE";
    public const string FieldValue = "FIELD_VALUE";
    public const string FieldTooLong = "FIELD_TOO_LONG";

    /// <summary>The request does not say what it wants in a way that can be read.</summary>
    public static ControlZeroException Field(string field, string reason, string message, Exception? cause = null) =>
        new(StatusCode.InvalidArgument, reason, message, cause) { Violations = [new FieldViolation(field, reason, message)] };
}
