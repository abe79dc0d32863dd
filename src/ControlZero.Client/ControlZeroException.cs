using ControlZero.Protocol.V1;
using Grpc.Core;

namespace ControlZero.Client;

/// <summary>There is no decision or result: the caller made a mistake, or the cluster failed. Never an allow, and never a deny.</summary>
public sealed class ControlZeroException : Exception
{
    /// <summary>Tells of an error.</summary>
    /// <param name="statusCode">What kind of error.</param>
    /// <param name="reason">Which error, in a word.</param>
    /// <param name="message">What is wrong and what to do, in a sentence.</param>
    /// <param name="innerException">The error underneath. Null: there is none.</param>
    public ControlZeroException(StatusCode statusCode, string reason, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        StatusCode = statusCode;
        Reason = reason;
    }

    /// <summary>What kind of error, for example <c>InvalidArgument</c> or <c>Unauthenticated</c>.</summary>
    public StatusCode StatusCode { get; }

    /// <summary>Which error, for example <c>SCOPE_REQUIRED</c> or <c>POLICY_NOT_FOUND</c>. Empty: the server did not say.</summary>
    public string Reason { get; }

    /// <summary>Facts about the error by name, for example the <c>expected</c> and <c>current</c> version. Empty: there are none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>The fields of the request that are wrong. Empty: the error is not about fields.</summary>
    public IReadOnlyList<FieldViolation> Violations { get; init; } = [];

    /// <summary>Every finding in a policy document that was refused. Empty: the error is not about a document.</summary>
    public IReadOnlyList<Diagnostic> Findings { get; init; } = [];
}

/// <summary>One field of a request that is wrong.</summary>
/// <param name="Field">The field, for example <c>agent_id</c> or <c>context.user</c>.</param>
/// <param name="Reason">Which fault, in a word, for example <c>ID_SYNTAX</c>. Empty: the server did not say.</param>
/// <param name="Description">What is wrong with it, the limit and the remedy.</param>
public sealed record FieldViolation(string Field, string Reason, string Description);
