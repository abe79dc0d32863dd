using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Tests.Hosting;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace ControlZero.Server.Tests.Enforcement;

/// <summary>What a stream settles and cancels is settled and cancelled as the single calls would.</summary>
[Collection(RunningServerCollection.Name)]
public sealed class StreamSettleTests(RunningServer server)
{
    private const string Tokens = """
        { "name": "p", "rules": [ { "allow": "llm.*" } ],
          "limits": [ { "name": "tokens", "metric": "total_tokens", "limit": 1000, "window": "month", "per": "agent" } ] }
        """;

    private readonly EnforcementService.EnforcementServiceClient _enforcement = new(server.Channel);
    private readonly TenantService.TenantServiceClient _tenants = new(server.Channel);
    private string _tenant = "";

    [Fact]
    public async Task Stream_SettlesAndCancels_WhatItReserved()
    {
        var (_, key) = await server.NewTenantWithAsync(Tokens);
        using var stream = _enforcement.EnforceStream(server.With(key));
        var (first, second) = (await ReserveAsync(stream, 1), await ReserveAsync(stream, 2));
        var settle = Settle(3, first, 290);

        var settled = await ExchangeAsync(stream, settle);
        var again = await ExchangeAsync(stream, settle);
        var cancelled = await ExchangeAsync(stream, Cancel(4, second));
        var alone = await _enforcement.SettleAsync(settle.Settle, server.With(key));

        Assert.Equal((3ul, 690L, false, false), (settled.CorrelationId, settled.Settled.Limits[0].Used, settled.Settled.Replayed, settled.Settled.Overrun));
        Assert.Equal((true, true), (again.Settled.Replayed, alone.Replayed));
        Assert.Equal((4ul, 290L, false), (cancelled.CorrelationId, cancelled.Cancelled.Limits[0].Used, cancelled.Cancelled.Replayed));
    }

    [Fact]
    public async Task Stream_OfManySettles_AnswersEachOnceAndChargesWhatWasUsed()
    {
        var (_, key) = await server.NewTenantWithAsync(Tokens.Replace("1000", "1000000", StringComparison.Ordinal));
        var tokens = new List<string>();
        using var stream = _enforcement.EnforceStream(server.With(key));
        for (var number = 0ul; number < 100; number++)
        {
            tokens.Add(await ReserveAsync(stream, number));
        }

        for (var number = 0; number < 100; number++)
        {
            await stream.RequestStream.WriteAsync(number % 2 == 0 ? Settle((ulong)number, tokens[number], 7) : Cancel((ulong)number, tokens[number]));
        }

        await stream.RequestStream.CompleteAsync();
        var answers = await stream.ResponseStream.ReadAllAsync().ToListAsync();

        Assert.Equal(Enumerable.Range(0, 100).Select(number => (ulong)number), answers.Select(answer => answer.CorrelationId).Order());
        Assert.All(answers, answer => Assert.Equal(
            answer.CorrelationId % 2 == 0 ? EnforceStreamResponse.ResultOneofCase.Settled : EnforceStreamResponse.ResultOneofCase.Cancelled, answer.ResultCase));
        var usage = await new AgentService.AgentServiceClient(server.Channel).GetUsageAsync(new GetUsageRequest { AgentId = "bot" }, server.With(key));
        Assert.Equal(50 * 7, Assert.Single(usage.Limits).Used);
    }

    [Fact]
    public async Task Stream_OfASettleOrCancelThatFails_SaysWhatTheSingleCallSaysAndGoesOn()
    {
        var (_, admin) = await server.NewTenantWithAsync(Tokens);
        var key = await server.NewKeyAsync(admin, ["enforce"], "bot");
        using var stream = _enforcement.EnforceStream(server.With(key));
        var token = await ReserveAsync(stream, 1);
        await ExchangeAsync(stream, Settle(2, token, 290));
        EnforceStreamRequest[] bad =
        [
            new() { Settle = new SettleRequest() }, Settle(0, token, -1), Settle(0, token, 291), Settle(0, token, 290, "other"), Settle(0, "none", 1),
            new() { Cancel = new CancelRequest() }, Cancel(0, token), Cancel(0, "none"),
        ];

        foreach (var request in bad)
        {
            var answer = await ExchangeAsync(stream, request);
            var alone = await Assert.ThrowsAsync<RpcException>(async () => _ = request.MessageCase == EnforceStreamRequest.MessageOneofCase.Settle
                ? (object)await _enforcement.SettleAsync(request.Settle, server.With(key))
                : await _enforcement.CancelAsync(request.Cancel, server.With(key)));
            Assert.Equal(alone.GetRpcStatus(), answer.Error);
        }

        Assert.True((await ExchangeAsync(stream, Settle(9, token, 290))).Settled.Replayed);
    }

    [Fact]
    public async Task Stream_ThatSettlesAnAgentWhichCannotBeReached_SaysSoAndGoesOn()
    {
        var (tenant, key) = await server.NewTenantWithAsync(Tokens);
        using var stream = _enforcement.EnforceStream(server.With(key));
        var token = await ReserveAsync(stream, 1);
        server.AgentCalls.Of(tenant).BeforeSettling = static () => Task.FromException(new TimeoutException());

        var failed = await ExchangeAsync(stream, Settle(2, token, 290));
        server.AgentCalls.Of(tenant).BeforeSettling = static () => Task.CompletedTask;
        var settled = await ExchangeAsync(stream, Settle(3, token, 290));

        Assert.Equal(("STATE_UNAVAILABLE", 290L), (failed.Error.GetDetail<ErrorInfo>().Reason, settled.Settled.Limits[0].Used));
    }

    [Fact]
    public async Task Stream_ThatSettlesAfterItsKeyWasRevoked_EndsAndSettlesNothing()
    {
        var (admin, key, id) = await NewKeyAsync();
        using var stream = _enforcement.EnforceStream(server.With(key));
        var token = await ReserveAsync(stream, 1);

        await _tenants.RevokeKeyAsync(new RevokeKeyRequest { KeyId = id }, server.With(admin));
        await stream.RequestStream.WriteUnlessEndedAsync(Settle(2, token, 290));

        await AssertEndsUnauthenticatedAsync(stream);
        Assert.Equal(400, await UsedAsync(admin));
    }

    // The key was right when the message was read, and the silo learned of its end before the reservation was looked for.
    [Fact]
    public async Task Settle_WhoseKeyIsRevokedOnceTheMessageWasRead_IsRefused()
    {
        var (admin, key, id) = await NewKeyAsync();
        using var stream = _enforcement.EnforceStream(server.With(key));
        var token = await ReserveAsync(stream, 1);
        var caller = await server.Services.GetRequiredService<KeyAuthenticator>().AuthenticateAsync($"Bearer {key}", CancellationToken.None);
        var settlements = server.Services.GetRequiredService<Server.Enforcement.StreamSettlements>();

        await _tenants.RevokeKeyAsync(new RevokeKeyRequest { KeyId = id }, server.With(admin));
        var outcomes = new[] { Settle(2, token, 290), Cancel(3, token) }
            .Select(message => settlements.EndAsync(message, caller!, "EnforceStream", CancellationToken.None));

        Assert.All(await Task.WhenAll(outcomes), outcome => Assert.Equal("INVALID_CREDENTIALS", outcome.Error?.GetDetail<ErrorInfo>().Reason));
        Assert.Equal(400, await UsedAsync(admin));
    }

    [Fact]
    public async Task Stream_WhoseKeyIsRevokedWhileItSettles_EndsAndHasSettledOnce()
    {
        var (admin, key, id) = await NewKeyAsync();
        var calls = server.AgentCalls.Of(_tenant);
        var (reached, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        calls.BeforeSettling = () =>
        {
            reached.TrySetResult();
            return gate.Task;
        };
        using var stream = _enforcement.EnforceStream(server.With(key));
        var token = await ReserveAsync(stream, 1);
        await stream.RequestStream.WriteAsync(Settle(2, token, 290));
        await reached.Task;

        await _tenants.RevokeKeyAsync(new RevokeKeyRequest { KeyId = id }, server.With(admin));
        gate.SetResult();

        await AssertEndsUnauthenticatedAsync(stream);
        Assert.Equal(290, await UsedAsync(admin));
    }

    private async Task<(string Admin, string Key, string Id)> NewKeyAsync()
    {
        (_tenant, var admin) = await server.NewTenantWithAsync(Tokens);
        var created = await _tenants.CreateKeyAsync(new CreateKeyRequest { Scopes = { "enforce" } }, server.With(admin));
        return (admin, created.Key, created.KeyInfo.KeyId);
    }

    private async Task<long> UsedAsync(string key) =>
        (await new AgentService.AgentServiceClient(server.Channel).GetUsageAsync(new GetUsageRequest { AgentId = "bot" }, server.With(key))).Limits[0].Used;

    private static async Task AssertEndsUnauthenticatedAsync(AsyncDuplexStreamingCall<EnforceStreamRequest, EnforceStreamResponse> stream)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal("INVALID_CREDENTIALS", failure.GetRpcStatus()!.GetDetail<ErrorInfo>().Reason);
    }

    private static EnforceStreamRequest Settle(ulong id, string token, long input, string agent = "bot") => new()
    {
        CorrelationId = id,
        Settle = new SettleRequest { Token = token, AgentId = agent, Usage = new Usage { InputTokens = input, OutputTokens = 0 } },
    };

    private static EnforceStreamRequest Cancel(ulong id, string token) =>
        new() { CorrelationId = id, Cancel = new CancelRequest { Token = token, AgentId = "bot" } };

    private static async Task<string> ReserveAsync(AsyncDuplexStreamingCall<EnforceStreamRequest, EnforceStreamResponse> stream, ulong id)
    {
        var answer = await ExchangeAsync(stream, new EnforceStreamRequest
        {
            CorrelationId = id,
            Enforce = new EnforceRequest { AgentId = "bot", Action = "llm.generate", Estimate = new Estimate { InputTokens = 300, MaxOutputTokens = 100 } },
        });
        return answer.Response.Reservation.Token;
    }

    private static async Task<EnforceStreamResponse> ExchangeAsync(
        AsyncDuplexStreamingCall<EnforceStreamRequest, EnforceStreamResponse> stream,
        EnforceStreamRequest request)
    {
        await stream.RequestStream.WriteAsync(request);
        Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None));
        return stream.ResponseStream.Current;
    }
}
