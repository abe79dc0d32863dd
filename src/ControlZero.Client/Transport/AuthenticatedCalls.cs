using ControlZero.Client.Errors;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace ControlZero.Client.Transport;

/// <summary>Every call carries the key and a deadline, and fails with a <see cref="ControlZeroException"/>.</summary>
/// <param name="apiKey">The key.</param>
/// <param name="timeout">The time of calls that bring no deadline of their own.</param>
internal sealed class AuthenticatedCalls(string apiKey, TimeSpan timeout) : Interceptor
{
    /// <inheritdoc/>
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        TRequest request,
        ClientInterceptorContext<TRequest, TResponse> context,
        AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        var call = continuation(request, Prepare(context));
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
            return continuation(request, Prepare(context));
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
        var call = continuation(request, Prepare(context));
        return new AsyncServerStreamingCall<TResponse>(
            new TranslatingReader<TResponse>(call.ResponseStream), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    private ClientInterceptorContext<TRequest, TResponse> Prepare<TRequest, TResponse>(ClientInterceptorContext<TRequest, TResponse> context)
        where TRequest : class
        where TResponse : class
    {
        var headers = new Metadata();
        foreach (var entry in context.Options.Headers ?? [])
        {
            headers.Add(entry);
        }

        headers.Add("authorization", $"Bearer {apiKey}");
        var options = context.Options.WithHeaders(headers);
        return new(context.Method, context.Host, options.Deadline is null ? options.WithDeadline(CallDeadline.After(timeout)) : options);
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

    private sealed class TranslatingReader<TResponse>(IAsyncStreamReader<TResponse> responses) : IAsyncStreamReader<TResponse>
    {
        public TResponse Current => responses.Current;

        public Task<bool> MoveNext(CancellationToken cancellationToken) => TranslateAsync(responses.MoveNext(cancellationToken));
    }
}
