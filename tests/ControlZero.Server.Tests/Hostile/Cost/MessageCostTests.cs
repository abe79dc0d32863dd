using System.Buffers;
using ControlZero.Protocol.V1;
using ControlZero.Server.Rpc;
using ControlZero.Server.Tests.Hosting;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit.Abstractions;

namespace ControlZero.Server.Tests.Hostile.Cost;

/// <summary>Messages that are small on the wire and large in memory.</summary>
[Collection(RunningServerCollection.Name)]
public sealed class MessageCostTests(RunningServer server, ITestOutputHelper output)
{
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static (byte[] value) => value, static value => value);

    private static readonly byte[] ListItems = Repeat([0x0a, 0x00], 10_000);

    private static readonly Dictionary<string, (MessageDescriptor Type, byte[] Message)> Bombs = new()
    {
        ["2 million requests"] = (TestPolicyRequest.Descriptor, Repeat([0x12, 0x00], 2_000_000)),
        ["2 million documents"] = (TestPolicyRequest.Descriptor, Repeat([0x0a, 0x00], 2_000_000)),
        ["2 million items"] = (EnforceBatchRequest.Descriptor, Repeat([0x0a, 0x00], 2_000_000)),
        ["candidates in one request"] = (EnforceRequest.Descriptor, Repeat([0x2a, 0x00], 100_000)),
        ["values in a context"] = (EnforceRequest.Descriptor, Field(6, Field(1, [.. Field(1, "k"u8.ToArray()), .. Field(2, Field(6, Repeat([0x0a, 0x00], 100_000)))]))),
        ["fields nobody knows"] = (EnforceRequest.Descriptor, Repeat([0xf8, 0x3f, 0x00], 80_000)),
        ["a group of fields nobody knows"] = (EnforceRequest.Descriptor, [0xfb, 0x3f, .. Repeat([0x08, 0x00], 100_000), 0xfc, 0x3f]),
        ["one text, again and again"] = (EnforceRequest.Descriptor, Repeat([0x1a, 0x01, 0x61], 80_000)),

        // Each time a list comes again within a value, the parser copies the one before: 10,000 items, 10,000 times.
        ["a list that comes again"] = (Value.Descriptor, [.. Field(6, ListItems), .. Repeat([0x32, 0x00], 10_000)]),
    };

    public static TheoryData<string> Names() => [.. Bombs.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Count_OfAMessageOfTooManyEntries_FindsItWithoutParsing(string name)
    {
        var (type, message) = Bombs[name];
        var count = 0;

        var cost = Cost.Of(() => count = MessageEntries.Count(new ReadOnlySequence<byte>(message), type));

        output.WriteLine($"{name}: {message.Length} bytes, {cost}");
        Assert.True(count > Engine.Limits.MessageMaxEntries, $"{count} entries");
        Assert.InRange(cost.Allocated, 0, 64 * 1024);
    }

    [Fact]
    public void Count_OfTheLargestBatch_IsAllowedAndParsedWithinWhatARequestMayCost()
    {
        var context = new Struct();
        for (var i = 0; i < Engine.Limits.ContextMaxEntries; i++)
        {
            context.Fields.Add($"key{i}", Value.ForString("v"));
        }

        var item = new EnforceRequest { AgentId = "bot", Action = "a", Context = context };
        item.CandidateResources.Add(Enumerable.Repeat("r", Engine.Limits.RequestMaxCandidates));
        var message = new EnforceBatchRequest { Requests = { Enumerable.Repeat(item, Engine.Limits.BatchMaxRequests) } }.ToByteArray();

        var cost = Cost.Of(() => EnforceBatchRequest.Parser.ParseFrom(message));

        output.WriteLine($"{message.Length} bytes, {cost}");
        Assert.Equal(Engine.Limits.MessageMaxEntries, MessageEntries.Count(new ReadOnlySequence<byte>(message), EnforceBatchRequest.Descriptor));
        cost.AssertWithin("the largest batch", mebibytes: 16);
    }

    [Fact]
    public void Count_OfWhatIsMalformed_IsLeftToTheParser()
    {
        var random = new Random(20260306);
        for (var round = 0; round < 10_000; round++)
        {
            var message = new byte[random.Next(1, 200)];
            random.NextBytes(message);

            Assert.InRange(MessageEntries.Count(new ReadOnlySequence<byte>(message), EnforceBatchRequest.Descriptor), 0, int.MaxValue);
        }
    }

    [Theory]
    [InlineData("PolicyService", "TestPolicy", "2 million requests")]
    [InlineData("EnforcementService", "EnforceBatch", "2 million items")]
    [InlineData("EnforcementService", "Enforce", "values in a context")]
    public async Task Call_WithTooManyEntries_IsRefusedWithTheLimit(string service, string method, string bomb)
    {
        var call = server.Channel.CreateCallInvoker().AsyncUnaryCall(
            new Method<byte[], byte[]>(MethodType.Unary, $"controlzero.v1.{service}", method, Bytes, Bytes), null, new CallOptions(server.With()), Bombs[bomb].Message);

        var info = await RpcAssert.FailsAsync(StatusCode.InvalidArgument, "MESSAGE_TOO_MANY_ENTRIES", call);

        Assert.Equal("33024", info.Metadata["limit"]);
    }

    private static byte[] Repeat(byte[] unit, int count)
    {
        var bytes = new byte[unit.Length * count];
        for (var i = 0; i < count; i++)
        {
            unit.CopyTo(bytes, i * unit.Length);
        }

        return bytes;
    }

    private static byte[] Field(int number, byte[] content)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            output.WriteTag(number, WireFormat.WireType.LengthDelimited);
            output.WriteLength(content.Length);
        }

        stream.Write(content);
        return stream.ToArray();
    }
}
