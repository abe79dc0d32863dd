using System.Net.Sockets;
using ControlZero.Protocol.V1;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;

namespace ControlZero.Client.Errors;

/// <summary>The one place where a gRPC error becomes a <see cref="ControlZeroException"/>.</summary>
internal static class ErrorDecoding
{
    /// <summary>The error with what its details say: google.rpc.ErrorInfo, google.rpc.BadRequest and the findings in a document.</summary>
    public static ControlZeroException Decode(RpcException error)
    {
        var details = DetailsOf(error);
        var info = details?.GetDetail<ErrorInfo>();
        return new ControlZeroException(StatusOf(error), info?.Reason ?? "", Message(error), error)
        {
            Metadata = info is null ? new Dictionary<string, string>() : new Dictionary<string, string>(info.Metadata),
            Violations = [.. (details?.GetDetail<BadRequest>()?.FieldViolations ?? []).Select(Map)],
            Findings = [.. details?.GetDetail<PolicyFindings>()?.Diagnostics ?? []],
        };
    }

    /// <summary>The error of one question of several.</summary>
    public static ControlZeroException Decode(Google.Rpc.Status status) => Decode(status.ToRpcException());

    /// <summary>
    /// Whether the call came to nothing before it was sent: there was no connection to send it over. Opening one fails with a bare socket error or
    /// time-out, TLS with a request error that says so; a connection that breaks later has its socket error inside another one.
    /// </summary>
    public static bool WasNotSent(ControlZeroException error) => (error.InnerException as RpcException)?.Status.DebugException switch
    {
        SocketException or TimeoutException => true,
        HttpRequestException request => request.HttpRequestError
            is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError,
        _ => false,
    };

    // A server that stops ends its connections without an error in HTTP/2. A call that was just under way got no answer, and gRPC calls that internal.
    private static StatusCode StatusOf(RpcException error)
    {
        for (var cause = error.Status.DebugException; cause is not null; cause = cause.InnerException)
        {
            if (cause is HttpProtocolException { ErrorCode: 0 } || IsUnanswered(cause))
            {
                return StatusCode.Unavailable;
            }
        }

        return error.StatusCode;
    }

    // Nor did one that was taken by a server which then went away before HTTP/2 was spoken. A certificate that is not trusted is no such thing.
    private static bool IsUnanswered(Exception cause) => cause is HttpRequestException
    {
        StatusCode: null,
        InnerException: null,
        HttpRequestError: HttpRequestError.Unknown or HttpRequestError.ConnectionError or HttpRequestError.ResponseEnded,
    };

    /// <summary>The server's words; when the call never reached it, also why not (connection refused, certificate not trusted).</summary>
    private static string Message(RpcException error)
    {
        var words = error.Status.Detail.Length > 0 ? error.Status.Detail : $"the call failed with {error.StatusCode}";
        var cause = error.Status.DebugException?.GetBaseException().Message;
        return cause is null || words.Contains(cause, StringComparison.Ordinal) ? words : $"{words.TrimEnd('.')}: {cause}";
    }

    private static FieldViolation Map(BadRequest.Types.FieldViolation violation) => new(violation.Field, violation.Reason, violation.Description);

    /// <summary>The details, or null: there are none, or they are not readable. A broken detail must not hide the error it belongs to.</summary>
    private static Google.Rpc.Status? DetailsOf(RpcException error)
    {
        try
        {
            return error.GetRpcStatus();
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }
}
