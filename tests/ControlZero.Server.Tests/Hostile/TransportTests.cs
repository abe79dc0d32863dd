using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hostile.Rows;
using ControlZero.Server.Tests.Hostile.Transport;
using ControlZero.Server.Tests.Hosting;
using Google.Protobuf;
using Grpc.Core;

namespace ControlZero.Server.Tests.Hostile;

/// <summary>Attacks by hand-made frames beyond the rows of group B. After each the server answers, and has kept nothing.</summary>
[Collection(RunningServerCollection.Name)]
public sealed class TransportTests(RunningServer server)
{
    // Generous: a leak of what an attack sends would be many times this.
    private const long MaxKept = 64L << 20;

    [Fact]
    public Task Connection_ThatEndsWithinAFrame_IsForgotten() => AttackAsync(async _ =>
    {
        foreach (var cut in new[] { 3, 9, 20, 60 })
        {
            await using var raw = await RawHttp2.ConnectAsync(server.Grpc);
            var stream = raw.NewStream();
            var frame = RawHttp2.HeaderFrames(stream, RawHttp2.CallBlock(RawHttp2.EnforcePath, [RawHttp2.Key(server.AdminKey)])).Single().ToBytes();
            await raw.Bytes.WriteAsync(frame.AsMemory(0, cut), raw.Limit);
        }
    });

    [Fact]
    public Task Settings_LargerThanAFrameMayBe_EndTheConnection() => AttackAsync(async _ =>
    {
        await using var raw = await RawHttp2.ConnectAsync(server.Grpc);
        await Record.ExceptionAsync(async () =>
            await raw.WriteAsync(FrameType.Settings, 0, 0, RawHttp2.Settings([.. Enumerable.Repeat(((ushort)0x4242, 1u), 11_000)])));

        // What the server says is lost to us when it hangs up before it has read all of the frame; that it hangs up is not.
        Assert.True(await raw.ReadGoAwayAsync() is null or Http2Error.FrameSizeError);
    });

    [Theory]
    [InlineData("0n", true)]
    [InlineData("99n", true)]
    [InlineData("0H", true)]
    [InlineData("1H", false)]
    [InlineData("n", false)]
    [InlineData("-1n", false)]
    public Task Timeout_ThatIsOverBeforeTheCall_IsNotDecided(string timeout, bool isOver) => AttackAsync(async target =>
    {
        await using var raw = await RawHttp2.ConnectAsync(server.Grpc);
        var used = await target.UsageAsync();

        var answer = await raw.CallAsync(
            RawHttp2.EnforcePath, HostileTarget.Ask().ToByteArray(), [RawHttp2.Key(target.Key), ("grpc-timeout", System.Text.Encoding.ASCII.GetBytes(timeout))]);

        Assert.True(answer.GrpcStatus == (isOver ? (int)StatusCode.DeadlineExceeded : (int)StatusCode.OK), answer.ToString());
        Assert.Equal(used + (isOver ? 0 : 1), await target.UsageAsync());
    });

    [Fact]
    public Task Settings_OfHugeValues_AreTakenAndTheNextCallIsServed() => AttackAsync(async target =>
    {
        await using var raw = await RawHttp2.ConnectAsync(server.Grpc);
        await raw.WriteAsync(FrameType.Settings, 0, 0, RawHttp2.Settings((3, uint.MaxValue), (4, int.MaxValue), (5, 16_777_215), (6, uint.MaxValue)));

        var answer = await raw.CallAsync(RawHttp2.EnforcePath, HostileTarget.Ask().ToByteArray(), [RawHttp2.Key(target.Key)]);

        Assert.True(answer.GrpcStatus == 0, answer.ToString());
    });

    [Fact]
    public Task Data_OfLengthZeroTenThousandTimes_CostsNothing() => AttackAsync(async target =>
    {
        await using var raw = await RawHttp2.ConnectAsync(server.Grpc);
        var stream = raw.NewStream();
        await raw.WriteAsync(RawHttp2.HeaderFrames(stream, RawHttp2.CallBlock(RawHttp2.EnforcePath, [RawHttp2.Key(target.Key)])));
        for (var i = 0; i < 10_000; i++)
        {
            await raw.WriteAsync(FrameType.Data, 0, stream, []);
        }

        await raw.WriteAsync(FrameType.Data, Frame.EndStream, stream, RawHttp2.Message(HostileTarget.Ask().ToByteArray()));
        var answer = await raw.ReadAnswerAsync(stream);

        Assert.True(answer.GrpcStatus == 0, answer.ToString());
    });

    [Fact]
    public Task Body_OfOneByteAtATime_IsAnsweredOrEnded() => AttackAsync(async target =>
    {
        await using var raw = await RawHttp2.ConnectAsync(server.Grpc);
        var stream = raw.NewStream();
        await raw.WriteAsync(RawHttp2.HeaderFrames(stream, RawHttp2.CallBlock(RawHttp2.EnforcePath, [RawHttp2.Key(target.Key)])));
        var ended = raw.ReadAnswerAsync(stream);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var body = RawHttp2.Message(new byte[200_000]);

        // Ends by the server's own rate limit (240 bytes a second after 5 s), long before the body does.
        var sent = 0;
        try
        {
            for (; sent < body.Length && !ended.IsCompleted; sent++)
            {
                await raw.WriteAsync(FrameType.Data, 0, stream, [body[sent]]);
                await tick.WaitForNextTickAsync(raw.Limit);
            }
        }
        catch (IOException)
        {
            // The server hung up while we wrote: the end that was waited for.
        }

        Assert.True(sent < 1_000, $"{sent} bytes were taken in, one at a time");
        Assert.False((await ended).GrpcStatus == 0);
    });

    [Fact]
    public Task Frames_OfRandomBytes_EndTheConnectionOnly() => AttackAsync(async _ =>
    {
        var random = new Random(20260305);
        for (var round = 0; round < 100; round++)
        {
            await using var raw = await RawHttp2.ConnectAsync(server.Grpc);
            var bytes = new byte[random.Next(1, 2_000)];
            random.NextBytes(bytes);
            await raw.Bytes.WriteAsync(bytes, raw.Limit);
        }
    });

    private async Task AttackAsync(Func<HostileTarget, Task> attack)
    {
        var target = await HostileTarget.CreateAsync(server);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        await attack(target);

        Assert.Equal(Decision.Allow, (await target.DecideAsync(HostileTarget.Ask())).Decision);
        await Until.TrueAsync(() => GC.GetTotalMemory(forceFullCollection: true) - before < MaxKept, "the attack is no longer kept in memory");
    }
}
