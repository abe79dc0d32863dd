using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace ControlZero.Server.Rpc;

/// <summary>
/// Gives whatever a handler throws the form callers know. Wrapped around each method as it is registered: an interceptor would cost every
/// call a chain of tasks, also where nothing is thrown and nothing is waited for.
/// </summary>
internal sealed class StatusGuard(FailureTranslator failures)
{
    public UnaryServerMethod<TService, TRequest, TResponse> Around<TService, TRequest, TResponse>(
        UnaryServerMethod<TService, TRequest, TResponse> handler)
        where TService : class
        where TRequest : class
        where TResponse : class => (service, request, context) =>
        {
            try
            {
                var call = handler(service, request, context);
                return call.IsCompletedSuccessfully ? call : WaitAsync(call, context);
            }
            catch (Exception failure) when (failure is not RpcException)
            {
                throw Translate(failure, context);
            }
        };

    public ClientStreamingServerMethod<TService, TRequest, TResponse> Around<TService, TRequest, TResponse>(
        ClientStreamingServerMethod<TService, TRequest, TResponse> handler)
        where TService : class
        where TRequest : class
        where TResponse : class => async (service, requests, context) =>
        {
            try
            {
                return await handler(service, requests, context);
            }
            catch (Exception failure) when (failure is not RpcException)
            {
                throw Translate(failure, context);
            }
        };

    public ServerStreamingServerMethod<TService, TRequest, TResponse> Around<TService, TRequest, TResponse>(
        ServerStreamingServerMethod<TService, TRequest, TResponse> handler)
        where TService : class
        where TRequest : class
        where TResponse : class => async (service, request, responses, context) =>
        {
            try
            {
                await handler(service, request, responses, context);
            }
            catch (Exception failure) when (failure is not RpcException)
            {
                throw Translate(failure, context);
            }
        };

    public DuplexStreamingServerMethod<TService, TRequest, TResponse> Around<TService, TRequest, TResponse>(
        DuplexStreamingServerMethod<TService, TRequest, TResponse> handler)
        where TService : class
        where TRequest : class
        where TResponse : class => async (service, requests, responses, context) =>
        {
            try
            {
                await handler(service, requests, responses, context);
            }
            catch (Exception failure) when (failure is not RpcException)
            {
                throw Translate(failure, context);
            }
        };

    private async Task<TResponse> WaitAsync<TResponse>(Task<TResponse> call, ServerCallContext context)
    {
        try
        {
            return await call;
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
