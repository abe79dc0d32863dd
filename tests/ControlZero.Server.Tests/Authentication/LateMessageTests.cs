using System.Buffers.Binary;
using System.Net;
using ControlZero.Abstractions.Keys;
using ControlZero.Grains.Keys;
using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;

namespace ControlZero.Server.Tests.Authentication;

/// <summary>A key is looked at before a byte of the message is read. Whoever then sends the message later has no older key for it.</summary>
[Collection(RunningServerCollection.Name)]
public sealed class LateMessageTests(RunningServer server)
{
    private const string Unauthenticated = "16";
    private const string Ok = "0";

    private readonly TenantService.TenantServiceClient _tenants = new(server.Channel);

    [Theory]
    [InlineData("EnforcementService/Enforce")]
    [InlineData("EnforcementService/EnforceBatch")]
    [InlineData("PolicyService/ListPolicies")]
    public async Task Message_SentAfterItsKeyWasRevoked_IsNotAnswered(string method)
    {
        var (_, admin) = await server.NewTenantWithAsync("""{ "name": "p", "rules": [ { "allow": "*" } ] }""");
        var created = await _tenants.CreateKeyAsync(new CreateKeyRequest { Scopes = { "enforce", "policy:read" } }, server.With(admin));
        var late = new LateContent(Message(method));
        var answering = CallAsync(method, created.Key, late);
        await AuthenticatedAsync(created);

        await _tenants.RevokeKeyAsync(new RevokeKeyRequest { KeyId = created.KeyInfo.KeyId }, server.With(admin));
        late.Send();

        Assert.Equal(Unauthenticated, await answering);
        Assert.Null(await server.UsageAsync(admin));
    }

    [Fact]
    public async Task Message_SentLate_WithAKeyThatIsValidStill_IsAnswered()
    {
        var (_, admin) = await server.NewTenantWithAsync("""{ "name": "p", "rules": [ { "allow": "*" } ] }""");
        var created = await _tenants.CreateKeyAsync(new CreateKeyRequest { Scopes = { "enforce" } }, server.With(admin));
        var late = new LateContent(Message("EnforcementService/Enforce"));
        var answering = CallAsync("EnforcementService/Enforce", created.Key, late);
        await AuthenticatedAsync(created);

        late.Send();

        Assert.Equal(Ok, await answering);
        Assert.Equal((1, 0), await server.UsageAsync(admin));
    }

    // The key was never used before: that the server knows it tells that the call's headers are there.
    private Task AuthenticatedAsync(CreateKeyResponse created)
    {
        var catalog = server.Services.GetRequiredService<KeyCatalog>();
        return Until.TrueAsync(() => !catalog.IsUnseen(KeyId.Parse(created.KeyInfo.KeyId)), "the server has looked up the key");
    }

    private static IMessage Message(string method)
    {
        var question = new EnforceRequest { AgentId = "bot", Action = "a:x" };
        return method switch
        {
            "EnforcementService/Enforce" => question,
            "EnforcementService/EnforceBatch" => new EnforceBatchRequest { Requests = { question } },
            _ => new ListPoliciesRequest(),
        };
    }

    private async Task<string> CallAsync(string method, string key, HttpContent content)
    {
        using var client = new HttpClient { BaseAddress = server.Grpc };
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/controlzero.v1.{method}")
        {
            Version = new Version(2, 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content,
        };
        content.Headers.ContentType = new("application/grpc");
        request.Headers.Add("authorization", $"Bearer {key}");
        request.Headers.Add("te", "trailers");
        using var response = await client.SendAsync(request);
        await response.Content.ReadAsByteArrayAsync();
        return (response.TrailingHeaders.TryGetValues("grpc-status", out var values) ? values : response.Headers.GetValues("grpc-status")).Single();
    }

    private sealed class LateContent(IMessage message) : HttpContent
    {
        private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Send() => _gate.SetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.FlushAsync();
            await _gate.Task;
            var frame = new byte[5 + message.CalculateSize()];
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), frame.Length - 5);
            message.WriteTo(frame.AsSpan(5));
            await stream.WriteAsync(frame);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
