using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using Google.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Tests.Enforcement;

[Collection(RunningServerCollection.Name)]
public sealed class StreamTests(RunningServer server)
{
    private const string Policy = """{ "name": "p", "rules": [ { "allow": "a:*" } ] }""";

    private readonly EnforcementService.EnforcementServiceClient _enforcement = new(server.Channel);

    [Fact]
    public async Task Stream_OfManyRequests_AnswersEachOnce()
    {
        var (_, key) = await server.NewTenantWithAsync(Policy);
        using var stream = _enforcement.EnforceStream(server.With(key));
        var reading = stream.ResponseStream.ReadAllAsync().ToListAsync();

        for (var number = 0ul; number < 5000; number++)
        {
            await stream.RequestStream.WriteAsync(Ask(number, number % 3 == 0 ? "b:x" : "a:x", $"bot-{number % 7}"));
        }

        await stream.RequestStream.CompleteAsync();
        var answers = (await reading).OrderBy(answer => answer.CorrelationId).ToList();

        Assert.Equal(Enumerable.Range(0, 5000).Select(number => (ulong)number), answers.Select(answer => answer.CorrelationId));
        Assert.All(answers, answer => Assert.Equal(
            answer.CorrelationId % 3 == 0 ? Decision.Deny : Decision.Allow, answer.Response?.Decision));
        Assert.Equal(StatusCode.OK, stream.GetStatus().StatusCode);
        Assert.Equal((476, 239), await server.UsageAsync(key, "bot-0"));
    }

    [Fact]
    public async Task Stream_OfABadRequest_AnswersItAsEnforceWouldAndGoesOn()
    {
        var (_, admin) = await server.NewTenantWithAsync(Policy);
        var key = await server.NewKeyAsync(admin, ["enforce"], "bot");
        EnforceRequest[] bad =
        [
            new(), new() { AgentId = "Bot", Action = "a:x" }, new() { AgentId = "other", Action = "a:x" },
            new() { AgentId = "bot", Action = "a:x", MinPolicyEpoch = 99 },
        ];
        using var stream = _enforcement.EnforceStream(server.With(key));

        foreach (var request in bad)
        {
            await stream.RequestStream.WriteAsync(new EnforceStreamRequest { CorrelationId = 5, Enforce = request });
            Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None));
            var alone = await Assert.ThrowsAsync<RpcException>(() => _enforcement.EnforceAsync(request, server.With(key)).ResponseAsync);
            Assert.Equal((5ul, alone.GetRpcStatus()), (stream.ResponseStream.Current.CorrelationId, stream.ResponseStream.Current.Error));
        }

        Assert.Equal(Decision.Allow, (await ExchangeAsync(stream, Ask(6, "a:x"))).Response.Decision);
    }

    [Theory]
    [InlineData("0802", "InvalidArgument", "FIELD_REQUIRED", "enforce")]
    [InlineData("08029A0600", "InvalidArgument", "FIELD_REQUIRED", "enforce")]
    public async Task Stream_OfAMessageThatAsksNothing_SaysWhatItLacksAndGoesOn(string message, string code, string reason, string field)
    {
        using var stream = OpenRaw();
        await stream.RequestStream.WriteAsync(Convert.FromHexString(message));
        await stream.RequestStream.WriteAsync(Convert.FromHexString(message));
        await stream.RequestStream.CompleteAsync();

        var answers = await stream.ResponseStream.ReadAllAsync().ToListAsync();

        Assert.Equal([2ul, 2ul], answers.Select(answer => answer.CorrelationId));
        var info = answers[0].Error.GetDetail<ErrorInfo>();
        Assert.Equal((code, reason, field), (((StatusCode)answers[0].Error.Code).ToString(), info.Reason, info.Metadata["field"]));
    }

    [Fact]
    public async Task Stream_OfAMalformedMessage_AnswersWhatCameBeforeAndEnds()
    {
        using var stream = OpenRaw();
        await stream.RequestStream.WriteAsync([0x08, 0x02]);
        await stream.RequestStream.WriteUnlessEndedAsync([0x0f], complete: true);

        Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(2ul, stream.ResponseStream.Current.CorrelationId);
        var failure = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(CancellationToken.None));

        Assert.Equal(StatusCode.InvalidArgument, failure.StatusCode);
        Assert.Equal("MALFORMED_MESSAGE", failure.GetRpcStatus()!.GetDetail<ErrorInfo>().Reason);
    }

    [Fact]
    public async Task Stream_OfAMessageOverTheLimit_Ends()
    {
        using var stream = OpenRaw();
        await stream.RequestStream.WriteUnlessEndedAsync(new byte[(256 * 1024) + 1]);

        var failure = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(CancellationToken.None));

        Assert.Equal(StatusCode.ResourceExhausted, failure.StatusCode);
        Assert.Equal("MESSAGE_TOO_LARGE", failure.GetRpcStatus()!.GetDetail<ErrorInfo>().Reason);
    }

    [Fact]
    public async Task Stream_WhoseAgentCannotBeReached_SaysSoAndGoesOn()
    {
        var (tenant, key) = await server.NewTenantWithAsync(Policy);
        server.AgentCalls.Of(tenant).Before = static agent => agent == "bot" ? Task.FromException(new TimeoutException()) : Task.CompletedTask;
        using var stream = _enforcement.EnforceStream(server.With(key));

        var failed = await ExchangeAsync(stream, Ask(1, "a:x"));
        var other = await ExchangeAsync(stream, Ask(2, "a:x", "other"));

        Assert.Equal(("STATE_UNAVAILABLE", Decision.Allow), (failed.Error.GetDetail<ErrorInfo>().Reason, other.Response.Decision));
    }

    [Fact]
    public async Task Stream_ThatIsCancelled_LeavesNoGrainCallBehind()
    {
        var (tenant, key) = await server.NewTenantWithAsync(Policy);
        var calls = server.AgentCalls.Of(tenant);
        var gate = new TaskCompletionSource();
        calls.Before = _ => gate.Task;
        using var stream = _enforcement.EnforceStream(server.With(key));
        for (var number = 0ul; number < 20; number++)
        {
            await stream.RequestStream.WriteAsync(Ask(number, "a:x", $"bot-{number}"));
        }

        await Until.TrueAsync(() => calls.InFlight == 20, "the stream's questions have reached their agents");
        stream.Dispose();
        gate.SetResult();

        await Until.TrueAsync(() => calls.InFlight == 0, "no grain call is in flight");
        Assert.Equal(20, calls.Total);
    }

    [Fact]
    public async Task Stream_WhoseCallerReadsNothing_IsNotReadOnForEver()
    {
        // An answer is about a kilobyte, so that the network's own buffers, some 200 KB, hold few of them.
        var (_, key) = await server.NewTenantWithAsync(
            $$"""{ "name": "p", "rules": [ { "allow": "a:*", "reason": "{{new string('r', 1000)}}" } ] }""");
        using var stream = new EnforcementService.EnforcementServiceClient(server.Open()).EnforceStream(server.With(key));
        var writing = Task.Run(async () =>
        {
            for (var number = 0ul; number < 30_000; number++)
            {
                await stream.RequestStream.WriteAsync(Ask(number, "a:x"));
            }

            await stream.RequestStream.CompleteAsync();
        });
        var accepted = 0L;
        await Until.TrueAsync(() => (accepted = server.UsageAsync(key).GetAwaiter().GetResult()?.Allowed ?? 0) >= 1024, "the bound is reached");

        // As much again and more goes through beside it: whoever reads on has the time to.
        for (var round = 0; round < 500; round++)
        {
            accepted = (await server.UsageAsync(key))!.Value.Allowed;
        }

        Assert.InRange(accepted, 1024, 3000);
        var answers = await stream.ResponseStream.ReadAllAsync().ToListAsync();
        await writing;
        Assert.Equal(30_000, answers.Select(answer => answer.CorrelationId).Distinct().Count());
    }

    private static EnforceStreamRequest Ask(ulong id, string action, string agent = "bot") =>
        new() { CorrelationId = id, Enforce = new EnforceRequest { AgentId = agent, Action = action } };

    private static async Task<EnforceStreamResponse> ExchangeAsync(
        AsyncDuplexStreamingCall<EnforceStreamRequest, EnforceStreamResponse> stream,
        EnforceStreamRequest request)
    {
        await stream.RequestStream.WriteAsync(request);
        Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None));
        return stream.ResponseStream.Current;
    }

    private AsyncDuplexStreamingCall<byte[], EnforceStreamResponse> OpenRaw() =>
        server.Channel.CreateCallInvoker().AsyncDuplexStreamingCall(
            new Method<byte[], EnforceStreamResponse>(
                MethodType.DuplexStreaming,
                "controlzero.v1.EnforcementService",
                "EnforceStream",
                Marshallers.Create(static (byte[] value) => value, static value => value),
                Marshallers.Create(static _ => [], EnforceStreamResponse.Parser.ParseFrom)),
            null,
            new CallOptions(server.With()));
}
