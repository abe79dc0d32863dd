using ControlZero.Server.Tests.Hosting;
using Google.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Tests.Rpc;

[Collection(RunningServerCollection.Name)]
public sealed class MalformedMessageTests(RunningServer server)
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static (byte[] value) => value, static value => value);

    public static TheoryData<string, byte[]> Malformed() => new()
    {
        { "invalid UTF-8", [0x12, 0x02, 0xff, 0xfe] },
        { "encoded surrogate", [0x12, 0x03, 0xed, 0xa0, 0x80] },
        { "overlong varint", [0x48, .. Enumerable.Repeat((byte)0xff, 10), 0x01] },
        { "tag 0", [0x00] },
        { "wire type 7", [0x0f] },
        { "cut string", [0x12, 0x7f, 0x61] },
        { "unclosed groups", [.. Enumerable.Repeat((byte)0x0b, 5000)] },
        { "nested 101 deep", Nested(101) },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task Enforce_OfAMalformedMessage_IsInvalidArgument(string what, byte[] message)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(() => CallAsync("EnforcementService", "Enforce", message));

        Assert.Equal((what, StatusCode.InvalidArgument), (what, failure.StatusCode));
        Assert.Equal("MALFORMED_MESSAGE", failure.GetRpcStatus()!.GetDetail<ErrorInfo>().Reason);
    }

    [Fact]
    public async Task AnyMethod_OfRandomBytes_IsNeverUnknownOrInternal()
    {
        var random = new Random(20260302);
        var methods = new[]
        {
            ("EnforcementService", "Enforce"), ("EnforcementService", "EnforceBatch"), ("EnforcementService", "Explain"),
            ("PolicyService", "PublishPolicy"), ("PolicyService", "TestPolicy"), ("PolicyService", "ListPolicies"), ("AgentService", "PutAgent"), ("TenantService", "CreateKey"), ("TenantService", "CreateTenant"),
        };
        for (var round = 0; round < 1000; round++)
        {
            var message = new byte[random.Next(1, 64)];
            random.NextBytes(message);
            var (service, method) = methods[round % methods.Length];
            try
            {
                await CallAsync(service, method, message);
            }
            catch (RpcException failure)
            {
                Assert.False(
                    failure.StatusCode is StatusCode.Unknown or StatusCode.Internal,
                    $"{method} of {Convert.ToHexString(message)} answered {failure.Status}");
            }
        }
    }

    [Fact]
    public async Task Enforce_OfAMessageOverTheLimit_IsResourceExhausted()
    {
        var failure = await Assert.ThrowsAsync<RpcException>(() => CallAsync("EnforcementService", "Enforce", new byte[(256 * 1024) + 1]));

        Assert.Equal(StatusCode.ResourceExhausted, failure.StatusCode);
    }

    [Fact]
    public async Task Enforce_OfACompressedMessage_IsUnimplemented()
    {
        using var client = new HttpClient { BaseAddress = server.Grpc };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/controlzero.v1.EnforcementService/Enforce")
        {
            Version = new Version(2, 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([1, 0, 0, 0, 3, 0x1f, 0x8b, 0x08]),
        };
        request.Content.Headers.ContentType = new("application/grpc");
        request.Headers.Add("authorization", $"Bearer {server.AdminKey}");
        request.Headers.Add("grpc-encoding", "gzip");
        request.Headers.Add("te", "trailers");

        using var response = await client.SendAsync(request);
        await response.Content.ReadAsByteArrayAsync();

        var status = response.TrailingHeaders.TryGetValues("grpc-status", out var values) ? values : response.Headers.GetValues("grpc-status");
        Assert.Equal("12", status.Single());
    }

    [Theory]
    [InlineData("foo.Bar", "Baz")]
    [InlineData("controlzero.v1.EnforcementService", "Nothing")]
    public async Task Call_OfWhatDoesNotExist_IsUnimplemented(string service, string method)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(() => InvokeAsync(service, method, []));

        Assert.Equal(StatusCode.Unimplemented, failure.StatusCode);
    }

    private static byte[] Nested(int depth)
    {
        // EnforceRequest.context (6) = Struct { fields (1) = { key (1), value (2) = Value { struct_value (5) = Struct ... } } }
        byte[] inner = [];
        for (var level = 0; level < depth; level++)
        {
            byte[] value = [0x2a, .. Varint(inner.Length), .. inner];
            byte[] entry = [0x0a, 0x01, 0x61, 0x12, .. Varint(value.Length), .. value];
            inner = [0x0a, .. Varint(entry.Length), .. entry];
        }

        return [0x32, .. Varint(inner.Length), .. inner];
    }

    private static IEnumerable<byte> Varint(int value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            yield return (byte)(value | 0x80);
        }

        yield return (byte)value;
    }

    private Task CallAsync(string service, string method, byte[] message) => InvokeAsync($"controlzero.v1.{service}", method, message);

    private async Task InvokeAsync(string service, string method, byte[] message) => await server.Channel.CreateCallInvoker().AsyncUnaryCall(
        new Method<byte[], byte[]>(MethodType.Unary, service, method, Bytes, Bytes), null, new CallOptions(server.With()), message);
}
