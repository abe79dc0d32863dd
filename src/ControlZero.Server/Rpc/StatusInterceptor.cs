using Grpc.Core;
using Grpc.Core.Interceptors;

namespace ControlZero.Server.Rpc;

/// <summary>Gives whatever a handler throws the form callers know.</summary>
internal sealed partial class StatusInterceptor(ILogger<StatusInterceptor> logger) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request,
        ServerCallContext context,
        UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception failure) when (failure is not RpcException)
        {
            throw Translate(failure, context);
        }
    }

    private RpcException Translate(Exception failure, ServerCallContext context)
    {
        if (context.CancellationToken.IsCancellationRequested)
        {
            return new RpcException(new Status(StatusCode.Cancelled, "the call was cancelled or its deadline is over"));
        }

        if (RpcErrors.FromStateFailure(failure) is { } unavailable)
        {
            LogStateFailure(context.Method, failure);
            return unavailable.ToRpcException();
        }

        var incident = Ulid.NewUlid().ToString();
        LogInternal(incident, context.Method, failure);
        return RpcErrors.Internal(incident).ToRpcException();
    }

    [LoggerMessage(EventId = 3001, Level = LogLevel.Warning, Message = "{Method}: the cluster's state could not be reached")]
    private partial void LogStateFailure(string method, Exception failure);

    [LoggerMessage(EventId = 3002, Level = LogLevel.Error, Message = "Incident {Incident} in {Method}")]
    private partial void LogInternal(string incident, string method, Exception failure);
}
