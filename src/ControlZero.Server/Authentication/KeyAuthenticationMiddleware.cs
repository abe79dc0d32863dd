using ControlZero.Server.Rpc;
using Grpc.AspNetCore.Server;

namespace ControlZero.Server.Authentication;

/// <summary>
/// Authenticates and authorizes a gRPC call before a byte of its body is read: an unauthenticated caller can make the server neither
/// parse nor allocate.
/// </summary>
internal sealed class KeyAuthenticationMiddleware(RequestDelegate next, KeyAuthenticator authenticator)
{
    public Task InvokeAsync(HttpContext http)
    {
        var metadata = http.GetEndpoint()?.Metadata;
        if (metadata?.GetMetadata<GrpcMethodMetadata>() is null || metadata.GetMetadata<NoKeyAttribute>() is not null)
        {
            return next(http);
        }

        var authenticated = authenticator.AuthenticateAsync(http.Request.Headers.Authorization, http, http.RequestAborted);
        return authenticated.IsCompletedSuccessfully
            ? ContinueAsync(http, metadata, authenticated.Result)
            : AwaitAsync(http, metadata, authenticated);
    }

    private async Task AwaitAsync(HttpContext http, EndpointMetadataCollection metadata, ValueTask<ClientIdentity?> authenticated)
    {
        ClientIdentity? caller;
        try
        {
            caller = await authenticated;
        }
        catch (Exception failure) when (RpcErrors.FromStateFailure(failure) is { } unavailable)
        {
            await TrailersOnly.WriteAsync(http, unavailable);
            return;
        }

        await ContinueAsync(http, metadata, caller);
    }

    private Task ContinueAsync(HttpContext http, EndpointMetadataCollection metadata, ClientIdentity? caller)
    {
        if (caller is null)
        {
            return TrailersOnly.WriteAsync(http, authenticator.IsLimited(http) ? RpcErrors.TooManyUnknownKeys() : RpcErrors.InvalidCredentials());
        }

        if (metadata.GetMetadata<RequiresScopeAttribute>() is { Scope: var scope } && !caller.Holds(scope))
        {
            return TrailersOnly.WriteAsync(http, RpcErrors.ScopeRequired(scope));
        }

        http.Features.Set(caller);
        return next(http);
    }
}
