using ControlZero.Server.Authentication;
using ControlZero.Server.Telemetry;
using Grpc.AspNetCore.Server;
using Grpc.Core;

namespace ControlZero.Server.Rpc;

/// <summary>Refuses calls over <see cref="CallLimit"/> before their key is looked at. Health is asked all the time, and answered.</summary>
internal sealed class CallLimitMiddleware(RequestDelegate next, CallLimit limit, CallInstruments calls)
{
    public Task InvokeAsync(HttpContext http)
    {
        var metadata = http.GetEndpoint()?.Metadata;
        if (metadata?.GetMetadata<GrpcMethodMetadata>() is not { } method || metadata.GetMetadata<NoKeyAttribute>() is not null)
        {
            return next(http);
        }

        if (!limit.TryEnter())
        {
            calls.OnEnded(method.Method.FullName, StatusCode.ResourceExhausted);
            return TrailersOnly.WriteAsync(http, RpcErrors.Overloaded());
        }

        Task call;
        try
        {
            call = next(http);
        }
        catch
        {
            limit.Leave();
            throw;
        }

        if (!call.IsCompleted)
        {
            return AwaitAsync(call);
        }

        limit.Leave();
        return call;
    }

    private async Task AwaitAsync(Task call)
    {
        try
        {
            await call;
        }
        finally
        {
            limit.Leave();
        }
    }
}
