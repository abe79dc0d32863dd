using ControlZero.Integration.Tests.Processes;
using ControlZero.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace ControlZero.Integration.Tests.Telemetry;

/// <summary>What <c>/metrics</c> shows of a server of which every call is known.</summary>
public sealed class ScrapeTests : IDisposable
{
    private const string Policy = """
        { "name": "p", "rules": [
          { "deny": "llm:*", "resource": "model/bad", "reason_code": "TEAM_CANARY" },
          { "allow": "llm:*" } ] }
        """;

    private readonly ScratchDirectory _scratch = new();

    [Fact]
    public async Task Metrics_OfKnownCalls_CountThemAllAndNameNobody()
    {
        await using var server = await ServerProcess.StartAsync(_scratch.Data);
        using var channel = GrpcChannel.ForAddress(server.Url);
        var headers = new Metadata { { "authorization", $"Bearer {server.AdminKey}" } };
        var enforcement = new EnforcementService.EnforcementServiceClient(channel);
        await new PolicyService.PolicyServiceClient(channel).PublishPolicyAsync(new PublishPolicyRequest { Document = Policy }, headers);
        for (var i = 0; i < 7; i++)
        {
            await enforcement.EnforceAsync(Ask("model/good"), headers);
        }

        await enforcement.EnforceAsync(Ask("model/bad"), headers);
        await enforcement.EnforceBatchAsync(new EnforceBatchRequest { Requests = { Ask("model/good"), Ask("model/bad"), Ask("model/*") } }, headers);
        await StreamAsync(enforcement, headers, 5);
        await FailAsync(enforcement.EnforceAsync(Ask("model/*"), headers));
        await FailAsync(enforcement.EnforceAsync(Ask("model/good"), new Metadata { { "authorization", "Bearer nobody" } }));
        await FailAsync(new PolicyService.PolicyServiceClient(channel).GetPolicyAsync(new GetPolicyRequest { Name = "none" }, headers));

        var page = await server.ScrapeAsync();

        Assert.Equal(
            ["effect=allow,reason_code=RULE_MATCH: 13", "effect=deny,reason_code=custom: 2"],
            page.Of("controlzero_enforce_decisions_total"));
        Assert.Equal(
            ["effect=allow,reason_code=RULE_MATCH: 7", "effect=deny,reason_code=custom: 1"],
            page.Of("controlzero_enforce_duration_seconds_count"));
        Assert.Equal(["hop=local: 15"], page.Of("controlzero_enforce_hops_total"));
        Assert.Equal(["form=batch: 3"], page.Of("controlzero_enforce_group_size_sum"));
        Assert.Equal(
            [
                "rpc_grpc_status_code=16,rpc_method=EnforcementService/Enforce: 1",
                "rpc_grpc_status_code=3,rpc_method=EnforcementService/Enforce: 1",
            ],
            page.Of("controlzero_enforce_failures_total"));
        Assert.Equal(
            ["rpc_grpc_status_code=0,rpc_method=PolicyService/PublishPolicy: 1", "rpc_grpc_status_code=5,rpc_method=PolicyService/GetPolicy: 1"],
            page.Of("controlzero_admin_calls_total"));
        Assert.Equal([": 1"], page.Of("controlzero_catalog_tenants"));
        Assert.Equal([": 1"], page.Of("controlzero_silo_ready"));
        Assert.Equal(["key=known: 1", "key=unknown: 0"], page.Of("controlzero_keys_cached"));
        Assert.Contains(page.Of("controlzero_storage_duration_seconds_count"), sample => sample.StartsWith("operation=write,outcome=done: ", StringComparison.Ordinal));
        Assert.All(
            ["canary", "TEAM_CANARY", server.AdminKey[8..20], "model/good", "default"],
            id => Assert.DoesNotContain(id, page.Text, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Metrics_TurnedOff_AreNotServed()
    {
        await using var server = await ServerProcess.StartAsync(_scratch.Data, new Dictionary<string, string> { ["CONTROLZERO__TELEMETRY__PROMETHEUS"] = "false" });
        using var client = new HttpClient();

        using var answer = await client.GetAsync(new Uri($"{server.Http}/metrics"));

        Assert.Equal(System.Net.HttpStatusCode.NotFound, answer.StatusCode);
    }

    public void Dispose() => _scratch.Dispose();

    private static EnforceRequest Ask(string resource) =>
        new() { AgentId = "canary-agent", RequestId = $"canary-{Guid.NewGuid():N}", Action = "llm.generate", Resource = resource };

    private static async Task StreamAsync(EnforcementService.EnforcementServiceClient enforcement, Metadata headers, int requests)
    {
        using var stream = enforcement.EnforceStream(headers);
        for (var i = 0; i < requests; i++)
        {
            await stream.RequestStream.WriteAsync(new EnforceStreamRequest { CorrelationId = (ulong)i, Enforce = Ask("model/good") });
        }

        await stream.RequestStream.CompleteAsync();
        var answers = 0;
        while (await stream.ResponseStream.MoveNext(CancellationToken.None))
        {
            answers++;
        }

        Assert.Equal(requests, answers);
    }

    private static async Task FailAsync<T>(AsyncUnaryCall<T> call) => await Assert.ThrowsAsync<RpcException>(async () => await call);
}
