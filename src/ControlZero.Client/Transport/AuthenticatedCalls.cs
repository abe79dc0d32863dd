using ControlZero.Client.Errors;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace ControlZero.Client.Transport;

/// <summary>
/// Every call carries the key and fails with a <see cref="ControlZeroException"/>; a call with one answer has a deadline too. A stream lasts as long as
/// its caller wants: the connection's pings notice a server that is gone.
/// </summary>
/// <param name="apiKey">The key.</param>
/// <param name="timeout">The time of calls with one answer that bring no deadline of their own.</param>
internal sealed class AuthenticatedCalls(string apiKey, TimeSpan timeout) : Interceptor
{
    /// <inheritdoc/>
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request,
        ClientInterceptorContext<TRequest, TResponse> context,
        AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        var call = continuation(request, Bounded(context));
        return new AsyncUnaryCall<TResponse>(TranslateAsync(call.ResponseAsync), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    /// <inheritdoc/>
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        TRequest request,
        ClientInterceptorContext<TRequest, TResponse> context,
        BlockingUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        try
        {
            return continuation(request, Bounded(context));
        }
        catch (RpcException error)
        {
            throw ErrorDecoding.Decode(error);
        }
    }

    /// <inheritdoc/>
    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        TRequest request,
        ClientInterceptorContext<TRequest, TResponse> context,
        AsyncServerStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        var call = continuation(request, WithKey(context));
        return new AsyncServerStreamingCall<TResponse>(
            new TranslatingReader<TResponse>(call.ResponseStream), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    /// <inheritdoc/>
    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        ClientInterceptorContext<TRequest, TResponse> context, AsyncDuplexStreamingCallContinuation<TRequest, TResponse> continuation)
    {
        var call = continuation(WithKey(context));
        return new AsyncDuplexStreamingCall<TRequest, TResponse>(
            new TranslatingWriter<TRequest>(call.RequestStream),
            new TranslatingReader<TResponse>(call.ResponseStream),
            call.ResponseHeadersAsync,
            call.GetStatus,
            call.GetTrailers,
            call.Dispose);
    }

    private ClientInterceptorContext<TRequest, TResponse> Bounded<TRequest, TResponse>(ClientInterceptorContext<TRequest, TResponse> context)
        where TRequest : class
        where TResponse : class
    {
        var call = WithKey(context);
        return call.Options.Deadline is null ? new(call.Method, call.Host, call.Options.WithDeadline(CallDeadline.After(timeout))) : call;
    }

    private ClientInterceptorContext<TRequest, TResponse> WithKey<TRequest, TResponse>(ClientInterceptorContext<TRequest, TResponse> context)
        where TRequest : class
        where TResponse : class
    {
        var headers = new Metadata();
        foreach (var entry in context.Options.Headers ?? [])
        {
            headers.Add(entry);
        }

        headers.Add("authorization", $"Bearer {apiKey}");
        return new(context.Method, context.Host, context.Options.WithHeaders(headers));
    }

    private static async Task<TResponse> TranslateAsync<TResponse>(Task<TResponse> response)
    {
        try
        {
            return await response.ConfigureAwait(false);
        }
        catch (RpcException error)
        {
            throw ErrorDecoding.Decode(error);
        }
    }

    private static async Task TranslateAsync(Task sent)
    {
        try
        {
            await sent.ConfigureAwait(false);
        }
        catch (RpcException error)
        {
            throw ErrorDecoding.Decode(error);
        }
    }

    private sealed class TranslatingReader<TResponse>(IAsyncStreamReader<TResponse> responses) : IAsyncStreamReader<TResponse>
    {
        public TResponse Current => responses.Current;

        public Task<bool> MoveNext(CancellationToken cancellationToken) => TranslateAsync(responses.MoveNext(cancellationToken));
    }

    private sealed class TranslatingWriter<TRequest>(IClientStreamWriter<TRequest> requests) : IClientStreamWriter<TRequest>
    {
        public WriteOptions? WriteOptions
        {
            get => requests.WriteOptions;
            set => requests.WriteOptions = value;
        }

        public Task WriteAsync(TRequest message) => TranslateAsync(requests.WriteAsync(message));

        public Task WriteAsync(TRequest message, CancellationToken cancellationToken) => TranslateAsync(requests.WriteAsync(message, cancellationToken));

        public Task CompleteAsync() => TranslateAsync(requests.CompleteAsync());
    }
}
