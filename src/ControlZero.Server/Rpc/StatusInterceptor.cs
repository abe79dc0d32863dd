using System.Diagnostics;
using ControlZero.Server.Telemetry;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace ControlZero.Server.Rpc;

/// <summary>Gives whatever a handler throws the form callers know, and tells telemetry how the call ended.</summary>
internal sealed class StatusInterceptor(FailureTranslator failures, CallInstruments calls, CallTraces traces) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request,
        ServerCallContext context,
        UnaryServerMethod<TRequest, TResponse> continuation)
    {
        using var span = traces.Begin(context.Method, context.RequestHeaders);
        try
        {
            var response = await continuation(request, context);
            End(context, span, StatusCode.OK);
            return response;
        }
        catch (Exception failure)
        {
            throw Fail(failure, context, span);
        }
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        ServerCallContext context,
        ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        using var span = traces.Begin(context.Method, context.RequestHeaders);
        try
        {
            var response = await continuation(requestStream, context);
            End(context, span, StatusCode.OK);
            return response;
        }
        catch (Exception failure)
        {
            throw Fail(failure, context, span);
        }
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(() => continuation(request, responseStream, context), context);

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(() => continuation(requestStream, responseStream, context), context);

    private async Task GuardAsync(Func<Task> call, ServerCallContext context)
    {
        using var span = traces.Begin(context.Method, context.RequestHeaders);
        try
        {
            await call();
            End(context, span, StatusCode.OK);
        }
        catch (Exception failure)
        {
            throw Fail(failure, context, span);
        }
    }

    private RpcException Fail(Exception failure, ServerCallContext context, Activity? span)
    {
        var told = failure as RpcException ?? Translate(failure, context);
        End(context, span, told.StatusCode);
        return told;
    }

    private void End(ServerCallContext context, Activity? span, StatusCode status)
    {
        calls.OnEnded(context.Method, status);
        CallTraces.End(span, status);
    }

    private RpcException Translate(Exception failure, ServerCallContext context) => context.CancellationToken.IsCancellationRequested
        ? new RpcException(new Status(StatusCode.Cancelled, "the call was cancelled or its deadline is over"))
        : failures.Translate(failure, context.Method).ToRpcException();
}
