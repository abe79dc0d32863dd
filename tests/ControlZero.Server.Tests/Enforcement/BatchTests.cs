using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Tests.Enforcement;

[Collection(RunningServerCollection.Name)]
public sealed class BatchTests(RunningServer server)
{
    private const string Policy = """{ "name": "p", "rules": [ { "allow": "a:*" } ] }""";

    private readonly EnforcementService.EnforcementServiceClient _enforcement = new(server.Channel);

    [Fact]
    public async Task Batch_OfGoodAndBadItems_AnswersEachInItsPlace()
    {
        var (_, admin) = await server.NewTenantWithAsync(Policy);
        var key = await server.NewKeyAsync(admin, ["enforce"], "bot*");
        EnforceRequest[] items =
        [
            Ask("a:x"),
            Ask("a:x", request => request.AgentId = "Bot"),
            Ask("b:x"),
            Ask("a:x", request => request.Estimate = new Estimate { InputTokens = -1 }),
            Ask("a:x", request => request.AgentId = "other"),
            new(),
            Ask("a:x", request => request.AgentId = "bot-2"),
        ];

        var answer = await _enforcement.EnforceBatchAsync(new EnforceBatchRequest { Requests = { items } }, server.With(key));

        Assert.Equal(
            ["Allow", "InvalidArgument", "Deny", "InvalidArgument", "PermissionDenied", "InvalidArgument", "Allow"],
            answer.Results.Select(result => result.Error is { } error ? ((StatusCode)error.Code).ToString() : result.Response.Decision.ToString()));
        foreach (var (item, result) in items.Zip(answer.Results).Where(pair => pair.Second.Error is not null))
        {
            var alone = await Assert.ThrowsAsync<RpcException>(() => _enforcement.EnforceAsync(item, server.With(key)).ResponseAsync);
            Assert.Equal(alone.GetRpcStatus(), result.Error);
        }

        Assert.Equal((1, 1), await server.UsageAsync(admin));
    }

    [Fact]
    public async Task Batch_OfOneMoreThanTheLimit_IsRefusedAndDecidesNothing()
    {
        var (_, key) = await server.NewTenantWithAsync(Policy);
        var most = new EnforceBatchRequest { Requests = { Enumerable.Repeat(Ask("a:x"), 256) } };
        var more = new EnforceBatchRequest { Requests = { Enumerable.Repeat(Ask("a:x"), 257) } };

        var error = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "TOO_MANY", _enforcement.EnforceBatchAsync(more, server.With(key)));
        var answer = await _enforcement.EnforceBatchAsync(most, server.With(key));

        Assert.Equal(("256", "257", "requests"), (error.Metadata["limit"], error.Metadata["actual"], error.Metadata["field"]));
        Assert.Equal(256, answer.Results.Count(result => result.Response.Decision == Decision.Allow));
        Assert.Equal((256, 0), await server.UsageAsync(key));
    }

    [Fact]
    public async Task Batch_OfNothing_HasNoResults()
    {
        var answer = await _enforcement.EnforceBatchAsync(new EnforceBatchRequest(), server.With());

        Assert.Empty(answer.Results);
    }

    [Fact]
    public async Task Batch_LargerThanOneRequestMayBe_IsTakenUpTo4MiB()
    {
        var (_, key) = await server.NewTenantWithAsync(Policy);
        var bulky = Ask("a:x", request => request.Context = Facts(bytes: 4000, count: 15));

        var answer = await _enforcement.EnforceBatchAsync(new EnforceBatchRequest { Requests = { Enumerable.Repeat(bulky, 50) } }, server.With(key));

        Assert.All(answer.Results, result => Assert.Equal(Decision.Allow, result.Response?.Decision));
        await RpcAssert.FailsAsync(
            StatusCode.ResourceExhausted,
            "MESSAGE_TOO_LARGE",
            _enforcement.EnforceAsync(Ask("a:x", request => request.Context = Facts(bytes: 4000, count: 66)), server.With(key)));
        var tooLarge = await Assert.ThrowsAsync<RpcException>(() => _enforcement.EnforceBatchAsync(
            new EnforceBatchRequest { Requests = { Enumerable.Repeat(bulky, 80) } }, server.With(key)).ResponseAsync);
        Assert.Equal(StatusCode.ResourceExhausted, tooLarge.StatusCode);
    }

    [Fact]
    public async Task Batch_OfSeveralAgents_CallsEachGrainOnce()
    {
        var (tenant, key) = await server.NewTenantWithAsync(Policy);
        var calls = server.AgentCalls.Of(tenant);
        var items = Enumerable.Range(0, 240).Select(number => Ask(number % 3 == 0 ? "b:x" : "a:x", request => request.AgentId = $"bot-{number % 8}"));

        var answer = await _enforcement.EnforceBatchAsync(new EnforceBatchRequest { Requests = { items } }, server.With(key));

        Assert.Equal(8, calls.Total);
        Assert.Equal(
            Enumerable.Range(0, 240).Select(number => number % 3 == 0 ? Decision.Deny : Decision.Allow),
            answer.Results.Select(result => result.Response.Decision));
        Assert.Equal(240, answer.Results.Select(result => result.Response.DecisionId).Distinct().Count());
        Assert.Equal((20, 10), await server.UsageAsync(key, "bot-7"));
    }

    [Fact]
    public async Task Batch_WhenOneAgentCannotBeReached_DecidesTheOthers()
    {
        var (tenant, key) = await server.NewTenantWithAsync(Policy);
        server.AgentCalls.Of(tenant).Before = static agent => agent == "bot-1" ? Task.FromException(new TimeoutException()) : Task.CompletedTask;
        var items = Enumerable.Range(0, 6).Select(number => Ask("a:x", request => request.AgentId = $"bot-{number % 3}"));

        var answer = await _enforcement.EnforceBatchAsync(new EnforceBatchRequest { Requests = { items } }, server.With(key));

        Assert.Equal([0, 4, 0, 0, 4, 0], answer.Results.Select(result => result.Error?.Code ?? 0));
        Assert.Equal("STATE_UNAVAILABLE", answer.Results[1].Error.GetDetail<ErrorInfo>().Reason);
    }

    private static EnforceRequest Ask(string action, Action<EnforceRequest>? set = null)
    {
        var request = new EnforceRequest { AgentId = "bot", Action = action };
        set?.Invoke(request);
        return request;
    }

    private static Struct Facts(int bytes, int count)
    {
        var facts = new Struct();
        for (var number = 0; number < count; number++)
        {
            facts.Fields.Add($"fact{number}", Value.ForString(new string('f', bytes)));
        }

        return facts;
    }
}
