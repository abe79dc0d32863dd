using ControlZero.Grains.Keys;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Tests.Hosting;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Server.Tests.Enforcement;

/// <summary>An open stream is worth no more than the key that opened it.</summary>
[Collection(RunningServerCollection.Name)]
public sealed class StreamKeyTests(RunningServer server)
{
    private const string Policy = """{ "name": "p", "rules": [ { "allow": "a:*" } ] }""";

    private readonly EnforcementService.EnforcementServiceClient _enforcement = new(server.Channel);
    private readonly TenantService.TenantServiceClient _tenants = new(server.Channel);

    [Fact]
    public async Task Stream_WhoseKeyIsRevoked_DecidesNothingMoreAndEnds()
    {
        var (_, admin) = await server.NewTenantWithAsync(Policy);
        var created = await CreateKeyAsync(admin);
        using var stream = _enforcement.EnforceStream(server.With(created.Key));
        await stream.RequestStream.WriteAsync(Ask(1));
        Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None));

        await _tenants.RevokeKeyAsync(new RevokeKeyRequest { KeyId = created.KeyInfo.KeyId }, server.With(admin));
        await stream.RequestStream.WriteUnlessEndedAsync(Ask(2));

        await AssertEndsUnauthenticatedAsync(stream);
        Assert.Equal((1, 0), await server.UsageAsync(admin));
    }

    [Fact]
    public async Task Stream_WhoseKeyIsRevokedBeforeTheAnswer_DoesNotAnswer()
    {
        var (tenant, admin) = await server.NewTenantWithAsync(Policy);
        var created = await CreateKeyAsync(admin);
        var calls = server.AgentCalls.Of(tenant);
        var gate = new TaskCompletionSource();
        calls.Before = _ => gate.Task;
        using var stream = _enforcement.EnforceStream(server.With(created.Key));
        await stream.RequestStream.WriteAsync(Ask(1));
        await Until.TrueAsync(() => calls.InFlight == 1, "the question has reached its agent");

        await _tenants.RevokeKeyAsync(new RevokeKeyRequest { KeyId = created.KeyInfo.KeyId }, server.With(admin));
        gate.SetResult();

        await AssertEndsUnauthenticatedAsync(stream);
    }

    [Fact]
    public async Task Key_OfACallThatGoesOn_IsValidUntilItExpires()
    {
        var now = server.Clock.GetUtcNow();
        var (_, admin) = await server.NewTenantAsync();
        var created = await CreateKeyAsync(admin, now.AddHours(1));
        var clock = new FakeTimeProvider(now.AddMinutes(1));
        var authenticator = new KeyAuthenticator(server.Services.GetRequiredService<KeyCatalog>(), new WrongKeyLimit(clock), clock);
        var caller = await authenticator.AuthenticateAsync($"Bearer {created.Key}", CancellationToken.None);

        var before = await authenticator.IsStillValidAsync(caller!, CancellationToken.None);
        clock.Advance(TimeSpan.FromHours(1));
        var after = await authenticator.IsStillValidAsync(caller!, CancellationToken.None);

        Assert.Equal((true, false), (before, after));
    }

    private static EnforceStreamRequest Ask(ulong id) =>
        new() { CorrelationId = id, Enforce = new EnforceRequest { AgentId = "bot", Action = "a:x" } };

    private static async Task AssertEndsUnauthenticatedAsync(AsyncDuplexStreamingCall<EnforceStreamRequest, EnforceStreamResponse> stream)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(CancellationToken.None));
        Assert.Equal(StatusCode.Unauthenticated, failure.StatusCode);
        Assert.Equal("INVALID_CREDENTIALS", failure.GetRpcStatus()!.GetDetail<ErrorInfo>().Reason);
    }

    [Fact]
    public async Task Connection_OfStreamsThatWereEnded_ServesTheNextCall()
    {
        var (_, admin) = await server.NewTenantWithAsync(Policy);
        var channel = server.Open();
        var cluster = new ClusterService.ClusterServiceClient(channel);
        for (var round = 0; round < 20; round++)
        {
            var created = await CreateKeyAsync(admin);
            using var stream = new EnforcementService.EnforcementServiceClient(channel).EnforceStream(server.With(created.Key));
            await stream.RequestStream.WriteAsync(Ask(1));
            Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None));
            await _tenants.RevokeKeyAsync(new RevokeKeyRequest { KeyId = created.KeyInfo.KeyId }, server.With(admin));
            await stream.RequestStream.WriteUnlessEndedAsync(Ask(2));
            await AssertEndsUnauthenticatedAsync(stream);

            await cluster.GetStatusAsync(new GetStatusRequest(), server.With(admin));
        }
    }

    private async Task<CreateKeyResponse> CreateKeyAsync(string admin, DateTimeOffset? expiresAt = null) => await _tenants.CreateKeyAsync(
        new CreateKeyRequest { Scopes = { "enforce" }, ExpiresAt = expiresAt?.ToTimestamp() }, server.With(admin));
}
