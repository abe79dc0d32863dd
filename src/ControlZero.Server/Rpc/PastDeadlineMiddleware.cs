using Grpc.AspNetCore.Server;

namespace ControlZero.Server.Rpc;

/// <summary>
/// Answers calls whose time was over before they began. The framework counts deadlines in ticks of 100 ns, so to it <c>1n</c> is nothing and a
/// deadline of nothing is none: such a call would have been decided and charged for a caller who has stopped waiting.
/// </summary>
internal sealed class PastDeadlineMiddleware(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext http) =>
        http.Request.Headers.GrpcTimeout is [{ } timeout]
            && GrpcDeadline.TryParse(timeout, out var after)
            && after == TimeSpan.Zero
            && http.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>() is not null
                ? TrailersOnly.WriteAsync(http, RpcErrors.DeadlineOver())
                : next(http);
}
