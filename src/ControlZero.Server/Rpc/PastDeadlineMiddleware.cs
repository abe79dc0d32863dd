using Grpc.AspNetCore.Server;

namespace ControlZero.Server.Rpc;

/// <summary>
/// Answers calls whose time was over before they began. The framework counts deadlines in ticks of 100 ns, so to it <c>1n</c> is nothing and a
/// deadline of nothing is none: such a call would have been decided and charged for a caller who has stopped waiting.
/// </summary>
internal sealed class PastDeadlineMiddleware(RequestDelegate next)
{
    // Of a value and its unit: at most eight digits and one letter.
    private const int MaxLength = 9;

    public Task InvokeAsync(HttpContext http) =>
        http.Request.Headers.GrpcTimeout is [{ Length: > 1 and <= MaxLength } timeout]
            && IsOver(timeout)
            && http.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>() is not null
                ? TrailersOnly.WriteAsync(http, RpcErrors.DeadlineOver())
                : next(http);

    // Less than a tick: every unit with the value 0, and up to 99 nanoseconds. What is no timeout is left to the framework.
    private static bool IsOver(string timeout) =>
        uint.TryParse(timeout.AsSpan(0, timeout.Length - 1), System.Globalization.NumberStyles.None, null, out var value)
        && timeout[^1] switch
        {
            'n' => value < TimeSpan.NanosecondsPerTick,
            'u' or 'm' or 'S' or 'M' or 'H' => value == 0,
            _ => false,
        };
}
