using System.Reflection;
using ControlZero.Engine;
using ControlZero.Server.Authentication;
using Google.Protobuf;
using ControlZero.Server.Telemetry;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace ControlZero.Server.Rpc;

/// <summary>
/// Registers the methods of a service in place of gRPC's own provider, with six differences: a message that does not parse is
/// INVALID_ARGUMENT (gRPC's own answer is UNKNOWN, given before any interceptor runs), a method may take smaller messages than its service
/// (<see cref="MessageLimitAttribute"/>), no message is parsed that has more entries than any may (<see cref="MessageEntries"/>), the key is
/// looked at again when the message is here (<see cref="KeyRecheck"/>), whatever a method throws passes a <see cref="StatusGuard"/>, and a method that does not say which
/// key it takes stops the server from starting.
/// </summary>
internal sealed class CheckedServiceMethodProvider<TService>(StatusGuard guard, KeyRecheck keys, CallInstruments calls) : IServiceMethodProvider<TService>
    where TService : class
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<TService> context)
    {
        var attribute = typeof(TService).BaseTypes()
            .Select(type => type.GetCustomAttribute<BindServiceMethodAttribute>(inherit: false))
            .FirstOrDefault(found => found is not null)
            ?? throw new InvalidOperationException($"{typeof(TService)} derives from no generated service base");
        var bind = attribute.BindType
            .GetMethods(BindingFlags.Static | BindingFlags.Public)
            .Single(method => method.Name == attribute.BindMethodName
                && method.GetParameters() is [{ ParameterType: var binder }, _] && binder == typeof(ServiceBinderBase));
        bind.Invoke(null, [new Binder(context, guard, keys, calls), null]);
    }

    private sealed class Binder(ServiceMethodProviderContext<TService> context, StatusGuard guard, KeyRecheck keys, CallInstruments calls) : ServiceBinderBase
    {
        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method,
            UnaryServerMethod<TRequest, TResponse>? handler)
        {
            var implementation = Find(method);
            context.AddUnaryMethod(
                Checked(method, implementation),
                MetadataOf(implementation),
                guard.Around(keys.Around(implementation.CreateDelegate<UnaryServerMethod<TService, TRequest, TResponse>>())));
        }

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method,
            ServerStreamingServerMethod<TRequest, TResponse>? handler)
        {
            var implementation = Find(method);
            context.AddServerStreamingMethod(
                Checked(method, implementation),
                MetadataOf(implementation),
                guard.Around(keys.Around(implementation.CreateDelegate<ServerStreamingServerMethod<TService, TRequest, TResponse>>())));
        }

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method,
            ClientStreamingServerMethod<TRequest, TResponse>? handler)
        {
            var implementation = Find(method);
            context.AddClientStreamingMethod(
                Checked(method, implementation),
                MetadataOf(implementation),
                guard.Around(implementation.CreateDelegate<ClientStreamingServerMethod<TService, TRequest, TResponse>>()));
        }

        public override void AddMethod<TRequest, TResponse>(
            Method<TRequest, TResponse> method,
            DuplexStreamingServerMethod<TRequest, TResponse>? handler)
        {
            var implementation = Find(method);
            context.AddDuplexStreamingMethod(
                Checked(method, implementation),
                MetadataOf(implementation),
                guard.Around(implementation.CreateDelegate<DuplexStreamingServerMethod<TService, TRequest, TResponse>>()));
        }

        private static MethodInfo Find(IMethod method) =>
            typeof(TService).GetMethod(method.Name, BindingFlags.Instance | BindingFlags.Public)
            ?? throw new InvalidOperationException($"{typeof(TService)} has no method {method.Name}");

        private static List<object> MetadataOf(MethodInfo implementation)
        {
            var metadata = typeof(TService).GetCustomAttributes(inherit: true)
                .Concat(implementation.GetCustomAttributes(inherit: true))
                .ToList();
            if (ThirdPartyKeys.For(typeof(TService)) is { } known)
            {
                metadata.Add(known);
            }

            if (!metadata.Exists(entry => entry is RequiresScopeAttribute or AnyKeyAttribute or NoKeyAttribute))
            {
                throw new InvalidOperationException(
                    $"{typeof(TService).Name}.{implementation.Name} does not say which key it takes; give it [RequiresScope], [AnyKey] or [NoKey]");
            }

            return metadata;
        }

        private Method<TRequest, TResponse> Checked<TRequest, TResponse>(Method<TRequest, TResponse> method, MethodInfo implementation)
            where TRequest : class
            where TResponse : class
        {
            var marshaller = method.RequestMarshaller;
            var limit = implementation.GetCustomAttribute<MessageLimitAttribute>()?.Bytes ?? int.MaxValue;
            var type = (Activator.CreateInstance<TRequest>() as IMessage)?.Descriptor;
            return new Method<TRequest, TResponse>(
                method.Type,
                method.ServiceName,
                method.Name,
                new Marshaller<TRequest>(marshaller.ContextualSerializer, Deserialize),
                method.ResponseMarshaller);

            TRequest Deserialize(DeserializationContext message)
            {
                if (message.PayloadLength > limit)
                {
                    throw Refuse(RpcErrors.MessageTooLarge(limit, message.PayloadLength));
                }

                if (type is not null
                    && message.PayloadLength > MessageEntries.NotWorthCounting
                    && MessageEntries.Count(message.PayloadAsReadOnlySequence(), type) > Limits.MessageMaxEntries)
                {
                    throw Refuse(RpcErrors.MessageTooManyEntries(Limits.MessageMaxEntries));
                }

                try
                {
                    return marshaller.ContextualDeserializer(message);
                }
                catch (Exception malformed) when (malformed is not RpcException)
                {
                    throw Refuse(RpcErrors.Malformed());
                }
            }

            // A unary message is parsed before the guard that counts calls has it; a stream's is parsed behind it.
            RpcException Refuse(Google.Rpc.Status status)
            {
                if (method.Type is MethodType.Unary or MethodType.ServerStreaming)
                {
                    calls.OnEnded(method.FullName, (StatusCode)status.Code);
                }

                return status.ToRpcException();
            }
        }
    }
}

/// <summary>Which key the services of libraries take: they cannot carry our attributes.</summary>
file static class ThirdPartyKeys
{
    public static object? For(Type service) => service switch
    {
        _ when typeof(Grpc.Health.V1.Health.HealthBase).IsAssignableFrom(service) => new NoKeyAttribute(),
        _ when service.Namespace?.StartsWith("Grpc.Reflection", StringComparison.Ordinal) == true => new AnyKeyAttribute(),
        _ => null,
    };

    public static IEnumerable<Type> BaseTypes(this Type type)
    {
        for (var current = type; current is not null; current = current.BaseType)
        {
            yield return current;
        }
    }
}
