using Grpc.Core;
using Grpc.Core.Interceptors;

namespace ControlZero.Server.Rpc;

/// <summary>Gives whatever a handler throws the form callers know.</summary>
internal sealed class StatusInterceptor(FailureTranslator failures) : Interceptor
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

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        ServerCallContext context,
        ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(requestStream, context);
        }
        catch (Exception failure) when (failure is not RpcException)
        {
            throw Translate(failure, context);
        }
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(continuation(request, responseStream, context), context);

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(continuation(requestStream, responseStream, context), context);

    private async Task GuardAsync(Task call, ServerCallContext context)
    {
        try
        {
            await call;
        }
        catch (Exception failure) when (failure is not RpcException)
        {
            throw Translate(failure, context);
        }
    }

    private RpcException Translate(Exception failure, ServerCallContext context) => context.CancellationToken.IsCancellationRequested
        ? new RpcException(new Status(StatusCode.Cancelled, "the call was cancelled or its deadline is over"))
        : failures.Translate(failure, context.Method).ToRpcException();
}
