using System.Net;
using ControlZero.Integration.Tests.Processes;
using ControlZero.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace ControlZero.Integration.Tests.Shutdown;

/// <summary>A server that was told to stop says so first, and serves until whoever balances load has noticed.</summary>
public sealed class DrainTests : IDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    // HealthCheckResponse { status: SERVING }, { status: NOT_SERVING }
    private static readonly byte[] Serving = [0x08, 0x01];
    private static readonly byte[] NotServing = [0x08, 0x02];

    private static readonly Method<byte[], byte[]> Watch = new(
        MethodType.ServerStreaming,
        "grpc.health.v1.Health",
        "Watch",
        Marshallers.Create<byte[]>(bytes => bytes, bytes => bytes),
        Marshallers.Create<byte[]>(bytes => bytes, bytes => bytes));

    private readonly ScratchDirectory _scratch = new();

    [Fact]
    public async Task Term_WithADrainDelay_EndsReadinessFirstAndCallsLast()
    {
        // Far longer than the test takes: that it serves on is no question of speed. The second signal ends it.
        await using var server = await ServerProcess.StartAsync(_scratch.Data, arguments: ["--drain-delay", "5m"]);
        using var http = new HttpClient { BaseAddress = new Uri(server.Http) };
        using var channel = GrpcChannel.ForAddress(server.Url);
        var headers = new Metadata { { "authorization", $"Bearer {server.AdminKey}" } };
        var enforcement = new EnforcementService.EnforcementServiceClient(channel);
        using var watch = channel.CreateCallInvoker().AsyncServerStreamingCall(Watch, null, default, []);
        Assert.Equal(Serving, await NextAsync(watch));
        Assert.Equal((HttpStatusCode.OK, "ready"), await GetAsync(http, "/health/ready"));

        await server.SignalAsync();

        Assert.Equal(NotServing, await NextAsync(watch));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "not ready: draining"), await GetAsync(http, "/health/ready"));
        Assert.Equal((HttpStatusCode.OK, "alive"), await GetAsync(http, "/health/live"));
        var decided = await enforcement.EnforceAsync(new EnforceRequest { AgentId = "a", Action = "llm.generate" }, headers);
        Assert.Equal(("NO_ACTIVE_POLICIES", Decision.Deny), (decided.ReasonCode, decided.Decision));
        Assert.Contains("controlzero_silo_ready{otel_scope_name=\"ControlZero.Cluster\"} 0", (await server.ScrapeAsync()).Text, StringComparison.Ordinal);

        var end = (await server.StopAsync()).With(exitCode: 0);
        Assert.True(end.Error.Length == 0, end.Report);
    }

    [Fact]
    public async Task Term_WithoutADelay_StopsInOrder()
    {
        await using var server = await ServerProcess.StartAsync(_scratch.Data);

        var end = (await server.StopAsync()).With(exitCode: 0);

        Assert.True(end.Error.Length == 0, end.Report);
    }

    public void Dispose() => _scratch.Dispose();

    private static async Task<byte[]> NextAsync(AsyncServerStreamingCall<byte[]> watch)
    {
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Bound));
        return watch.ResponseStream.Current;
    }

    private static async Task<(HttpStatusCode, string)> GetAsync(HttpClient http, string path)
    {
        using var answer = await http.GetAsync(path);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
