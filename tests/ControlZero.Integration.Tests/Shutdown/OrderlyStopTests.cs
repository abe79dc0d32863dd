using ControlZero.Integration.Tests.Processes;
using ControlZero.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace ControlZero.Integration.Tests.Shutdown;

/// <summary>SIGTERM ends a server in order, whatever its clients are doing.</summary>
public sealed class OrderlyStopTests : IDisposable
{
    private static readonly Method<byte[], byte[]> Reflection = new(
        MethodType.DuplexStreaming,
        "grpc.reflection.v1alpha.ServerReflection",
        "ServerReflectionInfo",
        Marshallers.Create<byte[]>(bytes => bytes, bytes => bytes),
        Marshallers.Create<byte[]>(bytes => bytes, bytes => bytes));

    // ServerReflectionRequest { list_services: "" }
    private static readonly byte[] ListServices = [0x3A, 0x00];

    private readonly ScratchDirectory _scratch = new();

    [Fact]
    public async Task Stop_WhileClientHoldsStreamOpen_IsOrderlyAndKeepsTheCounters()
    {
        await using var server = await ServerProcess.StartQuickstartAsync(_scratch.Data);
        using var channel = GrpcChannel.ForAddress(server.Url);
        var headers = new Metadata { { "authorization", $"Bearer {server.AdminKey}" } };
        using var stream = channel.CreateCallInvoker().AsyncDuplexStreamingCall(Reflection, null, new CallOptions(headers));
        await stream.RequestStream.WriteAsync(ListServices);
        Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None));

        var end = (await server.StopAsync()).With(exitCode: 0);

        Assert.True(end.Complaints.Length == 0, end.Report);
        await using var again = await ServerProcess.StartAsync(_scratch.Data);
        var usage = await again.Connect().Agents.GetUsageAsync(new GetUsageRequest { AgentId = "quickstart-agent" });
        Assert.Equal((1, 2), (usage.Allowed, usage.Denied));
    }

    public void Dispose() => _scratch.Dispose();
}
