using ControlZero.Server.Rpc;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace ControlZero.Server.Authentication;

/// <summary>
/// Holds the key of a call against its record once more when the whole message is here. It was taken for valid by the headers alone, and whoever sends
/// headers need not send the message soon. Calls whose requests are a stream do so with each of them.
/// </summary>
internal sealed class KeyRecheck(KeyAuthenticator authenticator)
{
    public UnaryServerMethod<TService, TRequest, TResponse> Around<TService, TRequest, TResponse>(UnaryServerMethod<TService, TRequest, TResponse> handler)
        where TService : class
        where TRequest : class
        where TResponse : class
    {
        return (service, request, context) => Begin(context) is { } checking
            ? WaitAsync(checking, service, request, context)
            : handler(service, request, context);

        async Task<TResponse> WaitAsync(Task<bool> checking, TService service, TRequest request, ServerCallContext context)
        {
            await EndAsync(checking);
            return await handler(service, request, context);
        }
    }

    public ServerStreamingServerMethod<TService, TRequest, TResponse> Around<TService, TRequest, TResponse>(
        ServerStreamingServerMethod<TService, TRequest, TResponse> handler)
        where TService : class
        where TRequest : class
        where TResponse : class
    {
        return (service, request, responses, context) => Begin(context) is { } checking
            ? WaitAsync(checking, service, request, responses, context)
            : handler(service, request, responses, context);

        async Task WaitAsync(Task<bool> checking, TService service, TRequest request, IServerStreamWriter<TResponse> responses, ServerCallContext context)
        {
            await EndAsync(checking);
            await handler(service, request, responses, context);
        }
    }

    // Null: the key is valid, or the method takes none. Else it is not, or storage must be asked.
    private Task<bool>? Begin(ServerCallContext context)
    {
        if (context.GetHttpContext().Features.Get<ClientIdentity>() is not { } caller)
        {
            return null;
        }

        var valid = authenticator.IsStillValidAsync(caller, context.CancellationToken);
        return !valid.IsCompletedSuccessfully ? valid.AsTask() : valid.Result ? null : Task.FromResult(false);
    }

    private static async Task EndAsync(Task<bool> checking)
    {
        if (!await checking)
        {
            throw RpcErrors.InvalidCredentials().ToRpcException();
        }
    }
}
