using ControlZero.Server.Rpc;
using Grpc.AspNetCore.Server;

namespace ControlZero.Server.Authentication;

/// <summary>
/// Authenticates and authorizes a gRPC call before a byte of its body is read: an unauthenticated caller can make the server neither
/// parse nor allocate.
/// </summary>
internal sealed class KeyAuthenticationMiddleware(RequestDelegate next, KeyAuthenticator authenticator)
{
    public async Task InvokeAsync(HttpContext http)
    {
        var metadata = http.GetEndpoint()?.Metadata;
        if (metadata?.GetMetadata<GrpcMethodMetadata>() is null || metadata.GetMetadata<NoKeyAttribute>() is not null)
        {
            await next(http);
            return;
        }

        ClientIdentity? caller;
        try
        {
            caller = await authenticator.AuthenticateAsync(http.Request.Headers.Authorization, http.RequestAborted);
        }
        catch (Exception failure) when (RpcErrors.FromStateFailure(failure) is { } unavailable)
        {
            await TrailersOnly.WriteAsync(http, unavailable);
            return;
        }

        if (caller is null)
        {
            await TrailersOnly.WriteAsync(http, RpcErrors.InvalidCredentials());
        }
        else if (metadata.GetMetadata<RequiresScopeAttribute>() is { Scope: var scope } && !caller.Holds(scope))
        {
            await TrailersOnly.WriteAsync(http, RpcErrors.ScopeRequired(scope));
        }
        else
        {
            http.Features.Set(caller);
            await next(http);
        }
    }
}
