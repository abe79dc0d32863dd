using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Rpc;
using Grpc.Core;
using Status = Google.Rpc.Status;

namespace ControlZero.Server.Tests.Authentication;

/// <summary>Every method of the protos, to be called by its descriptor.</summary>
internal static class EveryMethod
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<MethodDescriptor> All { get; } =
    [
        .. new[]
        {
            EnforcementReflection.Descriptor, PolicyReflection.Descriptor, AgentReflection.Descriptor, ModelReflection.Descriptor,
            TenantReflection.Descriptor, AuditReflection.Descriptor, ClusterReflection.Descriptor,
        }.SelectMany(file => file.Services).SelectMany(service => service.Methods),
    ];

    /// <summary>As tables of tests name it.</summary>
    public static string NameOf(MethodDescriptor method) => $"{method.Service.Name}/{method.Name}";

    /// <summary>True when a request or an answer of the method can name an agent.</summary>
    public static bool SpeaksOfAgents(MethodDescriptor method) => NamesAgents(method.InputType, []) || NamesAgents(method.OutputType, []);

    /// <summary>Calls it, and reads a stream until there is enough, or its end.</summary>
    public static async Task<MethodAnswer> CallAsync(
        RunningServer server, MethodDescriptor method, string key, IMessage request, Func<MethodAnswer, bool> isEnough)
    {
        var bytes = Marshallers.Create(static (byte[] value) => value, static value => value);
        var type = method.IsClientStreaming ? MethodType.DuplexStreaming : method.IsServerStreaming ? MethodType.ServerStreaming : MethodType.Unary;
        var call = new Method<byte[], byte[]>(type, method.Service.FullName, method.Name, bytes, bytes);
        var (calls, options) = (server.Channel.CreateCallInvoker(), new CallOptions(server.With(key)));
        var answer = new MethodAnswer([], null);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            switch (type)
            {
                case MethodType.Unary:
                    return Add(await calls.AsyncUnaryCall(call, null, options, request.ToByteArray()));
                case MethodType.ServerStreaming:
                    using (var listening = calls.AsyncServerStreamingCall(call, null, options, request.ToByteArray()))
                    {
                        return await ReadAsync(listening.ResponseStream);
                    }

                default:
                    using (var stream = calls.AsyncDuplexStreamingCall(call, null, options))
                    {
                        await stream.RequestStream.WriteUnlessEndedAsync(request.ToByteArray(), complete: true);
                        return await ReadAsync(stream.ResponseStream);
                    }
            }
        }
        catch (RpcException failure) when (failure.StatusCode != StatusCode.Cancelled)
        {
            return answer with { Failure = failure };
        }

        MethodAnswer Add(byte[] message) => answer = answer with { Messages = [.. answer.Messages, method.OutputType.Parser.ParseFrom(message)] };

        async Task<MethodAnswer> ReadAsync(IAsyncStreamReader<byte[]> messages)
        {
            while (!isEnough(answer) && await messages.MoveNext(patience.Token))
            {
                Add(messages.Current);
            }

            return answer;
        }
    }

    private static bool NamesAgents(MessageDescriptor message, HashSet<MessageDescriptor> seen) => seen.Add(message)
        && message.Fields.InDeclarationOrder().Any(field =>
            field.Name.StartsWith("agent_id", StringComparison.Ordinal) || (field.FieldType == FieldType.Message && NamesAgents(field.MessageType, seen)));
}

/// <summary>What a method answered.</summary>
internal sealed record MethodAnswer(IReadOnlyList<IMessage> Messages, RpcException? Failure)
{
    /// <summary>Every agent that is named anywhere in it.</summary>
    public IEnumerable<string> Agents => Messages.SelectMany(Parts).SelectMany(part => part.Descriptor.Fields.InDeclarationOrder()
        .Where(member => member.Name == "agent_id").Select(member => (string)member.Accessor.GetValue(part)).Where(agent => agent.Length > 0));

    /// <summary>The reasons it was refused for, of single items too.</summary>
    public IEnumerable<string> Reasons => Refusals.Select(refusal => refusal.GetDetail<ErrorInfo>()?.Reason ?? "");

    /// <summary>What the call or items of it failed with.</summary>
    public IEnumerable<Status> Refusals => Messages.SelectMany(Parts).OfType<Status>().Concat(Failure?.GetRpcStatus() is { } status ? [status] : []);

    /// <summary>All that a refusal says.</summary>
    public static string Describe(Status refusal) => $"{refusal.Code} {refusal.Message} {refusal.Details.Count} {refusal.GetDetail<ErrorInfo>()}";

    private static IEnumerable<IMessage> Parts(IMessage message) => message.Descriptor.Fields.InDeclarationOrder()
        .Where(field => field.FieldType == FieldType.Message && !field.IsMap)
        .SelectMany(field => field.Accessor.GetValue(message) switch
        {
            IMessage part => [part],
            System.Collections.IEnumerable parts => parts.Cast<IMessage>(),
            _ => [],
        })
        .SelectMany(Parts)
        .Prepend(message);
}
