using ControlZero.Client.Errors;
using Grpc.Core;

namespace ControlZero.Client.Routing;

/// <summary>
/// Sends the calls of the generated clients to the first address that can be reached. A call that was not sent goes to the next one;
/// what may have been sent is never sent twice: publishing is not asking.
/// </summary>
internal sealed class ReachableCalls(Endpoints endpoints) : CallInvoker
{
    /// <inheritdoc/>
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var route = endpoints.InOrder();
        var call = route.Next().Calls.AsyncUnaryCall(method, host, options, request);
        var answer = AnswerAsync();
        return new AsyncUnaryCall<TResponse>(answer, HeadersAsync(), () => call.GetStatus(), () => call.GetTrailers(), () => call.Dispose());

        async Task<TResponse> AnswerAsync()
        {
            while (true)
            {
                try
                {
                    var response = await call.ResponseAsync.ConfigureAwait(false);
                    route.Answered();
                    return response;
                }
                catch (ControlZeroException error) when (CanMoveOn(route, error))
                {
                    call.Dispose();
                    call = route.Next().Calls.AsyncUnaryCall(method, host, options, request);
                }
            }
        }

        async Task<Metadata> HeadersAsync()
        {
            await ((Task)answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return await call.ResponseHeadersAsync.ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var route = endpoints.InOrder();
        while (true)
        {
            try
            {
                var response = route.Next().Calls.BlockingUnaryCall(method, host, options, request);
                route.Answered();
                return response;
            }
            catch (ControlZeroException error) when (CanMoveOn(route, error))
            {
                // The next address is asked.
            }
        }
    }

    /// <inheritdoc/>
    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        endpoints.FirstReachable().Calls.AsyncServerStreamingCall(method, host, options, request);

    /// <inheritdoc/>
    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => endpoints.FirstReachable().Calls.AsyncClientStreamingCall(method, host, options);

    /// <inheritdoc/>
    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => endpoints.FirstReachable().Calls.AsyncDuplexStreamingCall(method, host, options);

    /// <summary>Tells the route how the call ended. True: it was not sent, and another address can be asked.</summary>
    private static bool CanMoveOn(Route route, ControlZeroException error)
    {
        route.Ended(error.StatusCode);
        return route.HasAnother && ErrorDecoding.WasNotSent(error);
    }
}
