using ControlZero.Grains.Feed;
using ControlZero.Server.Rpc;
using ControlZero.Server.Telemetry;
using Grpc.AspNetCore.Server;
using Grpc.Core;

namespace ControlZero.Server.Authentication;

/// <summary>
/// Authenticates and authorizes a gRPC call before a byte of its body is read: an unauthenticated caller can make the server neither
/// parse nor allocate.
/// </summary>
internal sealed class KeyAuthenticationMiddleware(RequestDelegate next, KeyAuthenticator authenticator, SiloFreshness freshness, CallInstruments calls)
{
    public Task InvokeAsync(HttpContext http)
    {
        var metadata = http.GetEndpoint()?.Metadata;
        if (metadata?.GetMetadata<GrpcMethodMetadata>() is null || metadata.GetMetadata<NoKeyAttribute>() is not null)
        {
            return next(http);
        }

        // INVARIANT: before the key is looked up, so that a silo which may have missed a revocation does not take it for valid.
        return freshness.IsFresh ? AuthenticateAsync(http, metadata) : CatchUpAsync(http, metadata);
    }

    private async Task CatchUpAsync(HttpContext http, EndpointMetadataCollection metadata)
    {
        if (await freshness.EnsureAsync() || metadata.GetMetadata<ServesStaleAttribute>() is not null)
        {
            await AuthenticateAsync(http, metadata);
        }
        else
        {
            await RefuseAsync(http, metadata, RpcErrors.Stale());
        }
    }

    private Task AuthenticateAsync(HttpContext http, EndpointMetadataCollection metadata)
    {
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
            await RefuseAsync(http, metadata, unavailable);
            return;
        }

        await ContinueAsync(http, metadata, caller);
    }

    private Task ContinueAsync(HttpContext http, EndpointMetadataCollection metadata, ClientIdentity? caller)
    {
        if (caller is null)
        {
            return RefuseAsync(http, metadata, authenticator.IsLimited(http) ? RpcErrors.TooManyUnknownKeys() : RpcErrors.InvalidCredentials());
        }

        // By index: every call comes by, and an enumerator of a list that is known as an interface is an object.
        var required = metadata.GetOrderedMetadata<RequiresScopeAttribute>();
        for (var place = 0; place < required.Count; place++)
        {
            if (!caller.Holds(required[place].Scope))
            {
                return RefuseAsync(http, metadata, RpcErrors.ScopeRequired(required[place].Scope));
            }
        }

        http.Features.Set(caller);
        return next(http);
    }

    private Task RefuseAsync(HttpContext http, EndpointMetadataCollection metadata, Google.Rpc.Status status)
    {
        calls.OnEnded(metadata.GetMetadata<GrpcMethodMetadata>()!.Method.FullName, (StatusCode)status.Code);
        return TrailersOnly.WriteAsync(http, status);
    }
}
