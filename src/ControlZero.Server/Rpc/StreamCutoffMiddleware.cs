using ControlZero.Grains.Hosting;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Connections.Features;

namespace ControlZero.Server.Rpc;

/// <summary>
/// Closes connections whose streams are still open some time after the server was told to stop. A client that holds one open would
/// otherwise keep the front door from closing for the host's whole 30 s, and leave the silo none to store what it has in memory.
/// </summary>
internal sealed class StreamCutoffMiddleware(
    RequestDelegate next,
    IHostApplicationLifetime lifetime,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock)
{
    // Time for a stream to end by itself.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    public Task InvokeAsync(HttpContext http) =>
        http.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>() is { Method.Type: not MethodType.Unary } ? CutOffAsync(http) : next(http);

    private async Task CutOffAsync(HttpContext http)
    {
        // The connection, not the stream: with the stream alone aborted, Kestrel kept the connection until the host's time was over.
        var connection = http.Features.Get<IConnectionLifetimeFeature>();
        using var cutoff = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        using var aborting = cutoff.Token.Register(() => connection?.Abort());
        using var stopping = lifetime.ApplicationStopping.Register(() => cutoff.CancelAfter(Grace));
        await next(http);
    }
}
