using System.IO.Compression;
using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hostile.Transport;
using Google.Protobuf;
using Grpc.Core;

namespace ControlZero.Server.Tests.Hostile.Rows;

/// <summary>Group B as far as it is a message on a well-behaved connection; the rest is in <see cref="TransportRows"/>.</summary>
internal static class MessageRows
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static (byte[] value) => value, static value => value);

    private static readonly Method<byte[], byte[]> Enforce =
        new(MethodType.Unary, "controlzero.v1.EnforcementService", "Enforce", Bytes, Bytes);

    public static Dictionary<string, RowRun> All { get; } = new()
    {
        ["B06"] = new(EmptyAsync),
        ["B07"] = new(RandomAsync),
        ["B08"] = Malformed([0x12, 0x02, 0xff, 0xfe]),
        ["B10"] = Malformed([0x12, 0x03, 0xed, 0xa0, 0x80]),
        ["B11"] = Malformed([0x48, .. Enumerable.Repeat((byte)0xff, 10), 0x01]),
        ["B13"] = Malformed([0x00]),
        ["B14"] = Malformed([.. Enumerable.Repeat((byte)0x0b, 5000)]),
        ["B15"] = Malformed(NestedContext(101)),
        ["B19"] = new(GzipBombAsync),
        ["B27"] = Path("/foo.Bar/Baz"),
        ["B29"] = Path("/controlzero.v1.EnforcementService/../PolicyService/PublishPolicy"),
        ["B30"] = Path("/controlzero.v1.EnforcementService%2FEnforce"),
    };

    /// <summary>An Enforce request whose context is a struct within a struct, so many times.</summary>
    public static byte[] NestedContext(int depth)
    {
        // EnforceRequest.context (6) = Struct { fields (1) = { key (1), value (2) = Value { struct_value (5) = Struct ... } } }
        byte[] inner = [];
        for (var level = 0; level < depth; level++)
        {
            byte[] value = [0x2a, .. Varint(inner.Length), .. inner];
            byte[] entry = [0x0a, 0x01, 0x61, 0x12, .. Varint(value.Length), .. value];
            inner = [0x0a, .. Varint(entry.Length), .. entry];
        }

        return [.. HostileTarget.Ask().ToByteArray(), 0x32, .. Varint(inner.Length), .. inner];
    }

    /// <summary>Sends bytes as an Enforce request.</summary>
    public static AsyncUnaryCall<byte[]> Send(HostileTarget target, byte[] message) =>
        target.Server.Channel.CreateCallInvoker().AsyncUnaryCall(Enforce, null, new CallOptions(target.Headers), message);

    private static RowRun Malformed(byte[] message) =>
        new(target => target.FailsAsync(Send(target, message), StatusCode.InvalidArgument, "MALFORMED_MESSAGE"));

    private static async Task EmptyAsync(HostileTarget target)
    {
        var status = await target.FailsAsync(Send(target, []), StatusCode.InvalidArgument, "FIELD_REQUIRED");

        Assert.Equal(
            ["agent_id", "action"], status!.GetDetail<Google.Rpc.BadRequest>().FieldViolations.Select(violation => violation.Field));
    }

    private static async Task RandomAsync(HostileTarget target)
    {
        var random = new Random(20260303);
        var message = new byte[1024];
        for (var round = 0; round < 2_000; round++)
        {
            random.NextBytes(message);
            var failure = await Assert.ThrowsAsync<RpcException>(() => Send(target, message).ResponseAsync);
            Assert.True(failure.StatusCode == StatusCode.InvalidArgument, $"round {round}: {failure.Status}");
        }

        target.Failures.Add((StatusCode.InvalidArgument, "MALFORMED_MESSAGE"));
    }

    private static async Task GzipBombAsync(HostileTarget target)
    {
        var before = GC.GetTotalAllocatedBytes();
        await using var raw = await RawHttp2.ConnectAsync(target.Server.Grpc);

        var answer = await raw.CallAsync(
            RawHttp2.EnforcePath, Bomb(), [RawHttp2.Key(target.Key), ("grpc-encoding", "gzip"u8.ToArray())], compressed: true);

        Assert.True(answer.GrpcStatus == (int)StatusCode.Unimplemented, answer.ToString());
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 256L << 20);
    }

    // 200 KiB that are 200 MiB: within the limit on what is received, and far over it when inflated.
    private static byte[] Bomb()
    {
        using var bomb = new MemoryStream();
        using (var gzip = new GZipStream(bomb, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            var zeros = new byte[1 << 20];
            for (var i = 0; i < 200; i++)
            {
                gzip.Write(zeros);
            }
        }

        return bomb.ToArray();
    }

    private static RowRun Path(string path) => new(async target =>
    {
        await using var raw = await RawHttp2.ConnectAsync(target.Server.Grpc);

        var answer = await raw.CallAsync(path, new PublishPolicyRequest { Document = "name: p" }.ToByteArray(), [RawHttp2.Key(target.Key)]);

        Assert.True(answer.GrpcStatus == (int)StatusCode.Unimplemented || answer.HttpStatus == 404 || IsSameAsPublish(answer), answer.ToString());
    });

    // Kestrel resolves dot segments before anything of ours sees the path: the call is then the one it says, under that method's own scope.
    private static bool IsSameAsPublish(RawAnswer answer) =>
        answer.GrpcStatus == (int)StatusCode.InvalidArgument
        && answer.Fields.Any(field => field.Name == "grpc-message" && field.Value.Contains("rules", StringComparison.Ordinal));

    private static IEnumerable<byte> Varint(int value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            yield return (byte)(value | 0x80);
        }

        yield return (byte)value;
    }
}
