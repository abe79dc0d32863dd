using System.Text.Json;
using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using ControlZero.Server.Tests.Policies;
using Grpc.Core;

namespace ControlZero.Server.Tests.Enforcement;

/// <summary>However a question is asked, and whether the front door or the agent's grain decides it, it gets one answer.</summary>
[Collection(RunningServerCollection.Name)]
public sealed class SameAnswerTests(RunningServer server, GrainPathServer grainPath) : IClassFixture<GrainPathServer>
{
    // Those that publish cleanly: a refused document is never in force.
    public static TheoryData<string> Vectors() =>
    [
        .. PolicyVectors.ReadAll()
            .Where(vector => !vector.GetProperty("expect").TryGetProperty("error", out _))
            .Select(vector => vector.GetProperty("name").GetString()!),
    ];

    [Theory]
    [MemberData(nameof(Vectors))]
    public async Task Vector_AskedAloneInABatchAndInAStream_GetsOneAnswer(string name)
    {
        var vector = PolicyVectors.Find(name);

        var (byCell, cellCalls, cellUsage) = await AskAllWaysAsync(server, vector);
        var (byGrain, grainCalls, grainUsage) = await AskAllWaysAsync(grainPath, vector);

        Assert.Single(byCell.Concat(byGrain).Distinct());
        Assert.Equal(grainUsage, cellUsage);
        if (vector.GetProperty("expect").TryGetProperty("rule", out var rule))
        {
            Assert.Contains($"\"{rule.GetString()}\"", byCell[0], StringComparison.Ordinal);
        }

        // The first question of all registers the agent; the front door decides the others, or none.
        Assert.Equal(cellUsage is null ? (0, 0) : (1, 4), (cellCalls, grainCalls));
    }

    // Alone twice, two in a batch, one in a stream; of a batch, one call to the grain decides both.
    private static async Task<(List<string> Answers, int GrainCalls, (long, long)? Usage)> AskAllWaysAsync(RunningServer server, JsonElement vector)
    {
        var enforcement = new EnforcementService.EnforcementServiceClient(server.Channel);
        var (tenant, key) = await server.NewTenantAsync(defaultOnEmpty: PolicyVectors.DefaultOnEmpty(vector));
        foreach (var document in PolicyVectors.Documents(vector))
        {
            await new PolicyService.PolicyServiceClient(server.Channel).PublishPolicyAsync(
                new PublishPolicyRequest { Document = document }, server.With(key));
        }

        var request = PolicyVectors.Request(vector);
        request.RequestId = "r";

        var first = await Ask(() => enforcement.EnforceAsync(request, server.With(key)).ResponseAsync);
        var second = await Ask(() => enforcement.EnforceAsync(request, server.With(key)).ResponseAsync);
        var batch = await enforcement.EnforceBatchAsync(new EnforceBatchRequest { Requests = { request, request } }, server.With(key));
        var stream = await StreamAsync(enforcement, request, server.With(key));
        List<string> answers =
        [
            first, second, .. batch.Results.Select(result => ToText(result.Response, result.Error)), ToText(stream.Response, stream.Error),
        ];
        return (answers, server.AgentCalls.Of(tenant).Total, await server.UsageAsync(key, request.AgentId));
    }

    private static async Task<string> Ask(Func<Task<EnforceResponse>> ask)
    {
        try
        {
            return ToText(await ask(), null);
        }
        catch (RpcException refused)
        {
            return ToText(null, refused.GetRpcStatus());
        }
    }

    // Everything but the decision's own id, which no two answers share.
    private static string ToText(EnforceResponse? response, Google.Rpc.Status? error) =>
        response is null ? $"{error}" : new EnforceResponse(response) { DecisionId = "" }.ToString();

    private static async Task<EnforceStreamResponse> StreamAsync(
        EnforcementService.EnforcementServiceClient enforcement,
        EnforceRequest request,
        Metadata headers)
    {
        using var stream = enforcement.EnforceStream(headers);
        await stream.RequestStream.WriteAsync(new EnforceStreamRequest { CorrelationId = 7, Enforce = request });
        await stream.RequestStream.CompleteAsync();
        return Assert.Single(await stream.ResponseStream.ReadAllAsync().ToListAsync());
    }
}
