using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using ControlZero.Server.Tests.Policies;
using Grpc.Core;

namespace ControlZero.Server.Tests.Enforcement;

/// <summary>However a question is asked, it gets one answer.</summary>
[Collection(RunningServerCollection.Name)]
public sealed class SameAnswerTests(RunningServer server)
{
    private readonly EnforcementService.EnforcementServiceClient _enforcement = new(server.Channel);

    // Those that publish cleanly: a refused document is never in force.
    public static TheoryData<string> Vectors() =>
    [
        .. PolicyVectors.Read()
            .Where(vector => !vector.GetProperty("expect").TryGetProperty("error", out _))
            .Select(vector => vector.GetProperty("name").GetString()!),
    ];

    [Theory]
    [MemberData(nameof(Vectors))]
    public async Task Vector_AskedAloneInABatchAndInAStream_GetsOneAnswer(string name)
    {
        var vector = PolicyVectors.Find(name);
        var (_, key) = await server.NewTenantAsync(defaultOnEmpty: PolicyVectors.DefaultOnEmpty(vector));
        foreach (var document in PolicyVectors.Documents(vector))
        {
            await new PolicyService.PolicyServiceClient(server.Channel).PublishPolicyAsync(
                new PublishPolicyRequest { Document = document }, server.With(key));
        }

        var request = PolicyVectors.Request(vector);
        request.RequestId = "r";

        var alone = await Ask(() => _enforcement.EnforceAsync(request, server.With(key)).ResponseAsync);
        var batch = await _enforcement.EnforceBatchAsync(new EnforceBatchRequest { Requests = { request, request } }, server.With(key));
        var stream = await StreamAsync(request, key);

        Assert.All(
            [.. batch.Results.Select(result => ToText(result.Response, result.Error)), ToText(stream.Response, stream.Error)],
            answer => Assert.Equal(alone, answer));
        if (vector.GetProperty("expect").TryGetProperty("rule", out var rule))
        {
            Assert.Contains($"\"{rule.GetString()}\"", alone, StringComparison.Ordinal);
        }
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

    private async Task<EnforceStreamResponse> StreamAsync(EnforceRequest request, string key)
    {
        using var stream = _enforcement.EnforceStream(server.With(key));
        await stream.RequestStream.WriteAsync(new EnforceStreamRequest { CorrelationId = 7, Enforce = request });
        await stream.RequestStream.CompleteAsync();
        return Assert.Single(await stream.ResponseStream.ReadAllAsync().ToListAsync());
    }
}
