using Google.Rpc;

namespace ControlZero.Server.Rpc;

/// <summary>What a failure looks like to a caller. The log has what the caller must not see.</summary>
internal sealed partial class FailureTranslator(ILogger<FailureTranslator> logger)
{
    /// <summary>The status of a failure that is none of the caller's doing.</summary>
    /// <param name="failure">What was thrown.</param>
    /// <param name="method">The method that was called.</param>
    public Status Translate(Exception failure, string method)
    {
        if (RpcErrors.FromStateFailure(failure) is { } unavailable)
        {
            LogStateFailure(method, failure);
            return unavailable;
        }

        var incident = Ulid.NewUlid().ToString();
        LogInternal(incident, method, failure);
        return RpcErrors.Internal(incident);
    }

    [LoggerMessage(EventId = 3001, Level = LogLevel.Warning, Message = "{Method}: the cluster's state could not be reached")]
    private partial void LogStateFailure(string method, Exception failure);

    [LoggerMessage(EventId = 3002, Level = LogLevel.Error, Message = "Incident {Incident} in {Method}")]
    private partial void LogInternal(string incident, string method, Exception failure);
}
