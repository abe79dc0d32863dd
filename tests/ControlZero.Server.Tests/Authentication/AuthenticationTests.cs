using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Tests.Hosting;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace ControlZero.Server.Tests.Authentication;

[Collection(RunningServerCollection.Name)]
public sealed class AuthenticationTests(RunningServer server)
{
    private readonly ClusterService.ClusterServiceClient _cluster = new(server.Channel);

    public static TheoryData<string> BadHeaders() =>
    [
        "", "Basic Y3o6eA==", "Bearer", "Bearer ", "bearer KEY", "Bearer  KEY", "Bearer KEY ", " Bearer KEY", "Bearer KEY, Bearer KEY",
        "Bearer UPPER", "Bearer KEY-MISTYPED", "Bearer KEY-CUT", "Bearer cz_live_", "Bearer cz_live_\u043a\u043b\u044e\u0447", "KEY",
        "Bearer UNKNOWN", "Bearer TESTKIND",
    ];

    [Theory]
    [MemberData(nameof(BadHeaders))]
    public async Task Call_WithABadHeader_IsUnauthenticated(string header)
    {
        var key = server.AdminKey;
        var text = header
            .Replace("KEY-MISTYPED", key[..^8] + (key[^8] == 'x' ? 'y' : 'x') + key[^7..], StringComparison.Ordinal)
            .Replace("KEY-CUT", key[..^1], StringComparison.Ordinal)
            .Replace("KEY", key, StringComparison.Ordinal)
            .Replace("UPPER", key.ToUpperInvariant(), StringComparison.Ordinal)
            .Replace("UNKNOWN", ApiKey.Generate(test: false).Text, StringComparison.Ordinal)
            .Replace("TESTKIND", key.Replace("cz_live_", "cz_test_", StringComparison.Ordinal), StringComparison.Ordinal);
        if (text.Any(character => !char.IsAscii(character)))
        {
            text = Uri.EscapeDataString(text);
        }

        await RpcAssert.FailsAsync(
            StatusCode.Unauthenticated,
            "INVALID_CREDENTIALS",
            _cluster.GetStatusAsync(new GetStatusRequest(), new Metadata { { "authorization", text } }));
    }

    [Fact]
    public async Task Call_WithoutAHeader_IsUnauthenticated() => await RpcAssert.FailsAsync(
        StatusCode.Unauthenticated, "INVALID_CREDENTIALS", _cluster.GetStatusAsync(new GetStatusRequest()));

    [Fact]
    public async Task Call_WithTwoHeaders_IsUnauthenticated()
    {
        var headers = server.With();
        headers.Add("authorization", $"Bearer {server.AdminKey}");

        await RpcAssert.FailsAsync(StatusCode.Unauthenticated, "INVALID_CREDENTIALS", _cluster.GetStatusAsync(new GetStatusRequest(), headers));
    }

    [Fact]
    public async Task Call_WithAKeyThatIsNotValidYetOrAnyMore_IsUnauthenticated()
    {
        var tenants = new TenantService.TenantServiceClient(server.Channel);
        var (_, admin) = await server.NewTenantAsync();
        var now = server.Clock.GetUtcNow();
        var early = await tenants.CreateKeyAsync(
            new CreateKeyRequest { Scopes = { "enforce" }, NotBefore = now.AddHours(1).ToTimestamp() }, server.With(admin));
        var short_ = await tenants.CreateKeyAsync(
            new CreateKeyRequest { Scopes = { "enforce" }, ExpiresAt = now.AddMinutes(5).ToTimestamp() }, server.With(admin));

        await RpcAssert.FailsAsync(
            StatusCode.Unauthenticated, "INVALID_CREDENTIALS", _cluster.GetStatusAsync(new GetStatusRequest(), server.With(early.Key)));
        await _cluster.GetStatusAsync(new GetStatusRequest(), server.With(short_.Key));
        server.Clock.Advance(TimeSpan.FromMinutes(5));
        await RpcAssert.FailsAsync(
            StatusCode.Unauthenticated, "INVALID_CREDENTIALS", _cluster.GetStatusAsync(new GetStatusRequest(), server.With(short_.Key)));
    }

    [Fact]
    public async Task Call_WithIdentityHeaders_IsAnsweredAsWithoutThem()
    {
        var (tenant, key) = await server.NewTenantAsync();
        var headers = server.With(key);
        headers.Add("x-tenant-id", "default");
        headers.Add("x-forwarded-for", "127.0.0.1");
        headers.Add("x-cz-admin", "1");

        var status = await _cluster.GetStatusAsync(new GetStatusRequest(), headers);

        Assert.Equal(tenant, status.Caller.TenantId);
        Assert.Equal(["admin"], status.Caller.Scopes);
    }

    [Fact]
    public async Task Revoke_AKey_EndsItAtOnce()
    {
        var tenants = new TenantService.TenantServiceClient(server.Channel);
        var (_, admin) = await server.NewTenantAsync();
        var created = await tenants.CreateKeyAsync(new CreateKeyRequest { Scopes = { "enforce" } }, server.With(admin));
        await _cluster.GetStatusAsync(new GetStatusRequest(), server.With(created.Key));

        await tenants.RevokeKeyAsync(new RevokeKeyRequest { KeyId = created.KeyInfo.KeyId }, server.With(admin));

        await RpcAssert.FailsAsync(
            StatusCode.Unauthenticated, "INVALID_CREDENTIALS", _cluster.GetStatusAsync(new GetStatusRequest(), server.With(created.Key)));
    }

    [Fact]
    public async Task Authenticate_AHeaderKnownFromBefore_IsHeldAgainstItsKeyAgain()
    {
        // The very same string: that is how Kestrel hands on the header of a connection's later calls.
        var authenticator = server.Services.GetRequiredService<KeyAuthenticator>();
        var tenants = new TenantService.TenantServiceClient(server.Channel);
        var (_, admin) = await server.NewTenantAsync();
        var created = await tenants.CreateKeyAsync(new CreateKeyRequest { Scopes = { "enforce" } }, server.With(admin));
        var header = $"Bearer {created.Key}";
        var first = await authenticator.AuthenticateAsync(header, CancellationToken.None);
        Assert.Same(first, await authenticator.AuthenticateAsync(header, CancellationToken.None));

        await tenants.RevokeKeyAsync(new RevokeKeyRequest { KeyId = created.KeyInfo.KeyId }, server.With(admin));

        // Twice: the first call after it asks the key's grain, the next finds the answer in this silo.
        Assert.NotNull(first);
        Assert.Null(await authenticator.AuthenticateAsync(header, CancellationToken.None));
        Assert.Null(await authenticator.AuthenticateAsync(header, CancellationToken.None));
    }

    [Fact]
    public async Task Call_Refused_HasReadNothingOfTheBody()
    {
        // A body that never ends: whoever waits for it before looking at the key never answers.
        using var handler = new SocketsHttpHandler();
        using var client = new HttpClient(handler) { BaseAddress = server.Grpc };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/controlzero.v1.EnforcementService/Enforce")
        {
            Version = new Version(2, 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new EndlessContent(),
        };

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Equal("16", response.Headers.GetValues("grpc-status").Single());
    }

    private sealed class EndlessContent : HttpContent
    {
        public EndlessContent() => Headers.ContentType = new("application/grpc");

        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            await stream.WriteAsync(new byte[] { 0, 0, 1, 0, 0 });
            await stream.FlushAsync();
            await new TaskCompletionSource().Task.WaitAsync(TimeSpan.FromSeconds(120));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
