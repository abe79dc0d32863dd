using System.Diagnostics;
using ControlZero.Server.Telemetry;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace ControlZero.Server.Rpc;

/// <summary>
/// Gives whatever a handler throws the form callers know, and tells telemetry how the call ended. Wrapped around each method as it is
/// registered: an interceptor would cost every call a chain of tasks, also where nothing is thrown and nothing is waited for.
/// </summary>
internal sealed class StatusGuard(FailureTranslator failures, CallInstruments calls, CallTraces traces)
{
    public UnaryServerMethod<TService, TRequest, TResponse> Around<TService, TRequest, TResponse>(
        UnaryServerMethod<TService, TRequest, TResponse> handler)
        where TService : class
        where TRequest : class
        where TResponse : class => (service, request, context) =>
        {
            if (traces.AreOn)
            {
                return WaitAsync(() => handler(service, request, context), context);
            }

            Task<TResponse> call;
            try
            {
                call = handler(service, request, context);
            }
            catch (Exception failure)
            {
                throw Fail(failure, context, null);
            }

            if (!call.IsCompletedSuccessfully)
            {
                return WaitAsync(call, context);
            }

            calls.OnEnded(context.Method, StatusCode.OK);
            return call;
        };

    public ClientStreamingServerMethod<TService, TRequest, TResponse> Around<TService, TRequest, TResponse>(
        ClientStreamingServerMethod<TService, TRequest, TResponse> handler)
        where TService : class
        where TRequest : class
        where TResponse : class =>
        (service, requests, context) => WaitAsync(() => handler(service, requests, context), context);

    public ServerStreamingServerMethod<TService, TRequest, TResponse> Around<TService, TRequest, TResponse>(
        ServerStreamingServerMethod<TService, TRequest, TResponse> handler)
        where TService : class
        where TRequest : class
        where TResponse : class =>
        (service, request, responses, context) => WaitAsync(() => handler(service, request, responses, context), context);

    public DuplexStreamingServerMethod<TService, TRequest, TResponse> Around<TService, TRequest, TResponse>(
        DuplexStreamingServerMethod<TService, TRequest, TResponse> handler)
        where TService : class
        where TRequest : class
        where TResponse : class =>
        (service, requests, responses, context) => WaitAsync(() => handler(service, requests, responses, context), context);

    private async Task<TResponse> WaitAsync<TResponse>(Func<Task<TResponse>> call, ServerCallContext context)
    {
        using var span = traces.Begin(context);
        try
        {
            var response = await call();
            End(context, span, StatusCode.OK);
            return response;
        }
        catch (Exception failure)
        {
            throw Fail(failure, context, span);
        }
    }

    // The way of an answer that waits for its event, without a closure.
    private async Task<TResponse> WaitAsync<TResponse>(Task<TResponse> call, ServerCallContext context)
    {
        try
        {
            var response = await call;
            calls.OnEnded(context.Method, StatusCode.OK);
            return response;
        }
        catch (Exception failure)
        {
            throw Fail(failure, context, null);
        }
    }

    private async Task WaitAsync(Func<Task> call, ServerCallContext context)
    {
        using var span = traces.Begin(context);
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
