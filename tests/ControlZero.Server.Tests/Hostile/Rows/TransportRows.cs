using System.Net.Security;
using System.Security.Authentication;
using System.Text;
using ControlZero.Server.Tests.Hostile.Transport;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ControlZero.Server.Tests.Hostile.Rows;

/// <summary>Group B below the message: connections, headers and frames made by hand.</summary>
internal static class TransportRows
{
    private const int ResetFlood = 500_000;

    public static Dictionary<string, RowRun> All { get; } = new()
    {
        ["B24"] = new(Http1Async, "the framework answers HTTP/1.1 on an HTTP/2 port with 400 and says why, not with 426"),
        ["B34"] = Timeout("abc", StatusCode.OK),
        ["B35"] = new(NoDeadlineAsync),
        ["B36"] = Timeout("1n", StatusCode.DeadlineExceeded),
        ["B37"] = Headers(Enumerable.Range(0, 500).Select(i => ($"x-a{i}", "v"u8.ToArray()))),
        ["B38"] = Headers([("x-a", new byte[64 * 1024].Select(_ => (byte)'v').ToArray())]),
        ["B40"] = new(ContinuationFloodAsync),
        ["B41"] = new(RapidResetAsync),
        ["B47"] = new(NeverReadsAsync),
        ["B48"] = new(IdleAsync),
        ["B49"] = new(TlsAsync),
    };

    private static async Task Http1Async(HostileTarget target)
    {
        await using var raw = await RawHttp2.OpenAsync(target.Server.Grpc);
        await raw.Bytes.WriteAsync(
            Encoding.ASCII.GetBytes($"POST {RawHttp2.EnforcePath} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"), raw.Limit);

        using var reader = new StreamReader(raw.Bytes);
        Assert.StartsWith("HTTP/1.1 400", await reader.ReadLineAsync(raw.Limit), StringComparison.Ordinal);
    }

    private static RowRun Timeout(string timeout, StatusCode expected) => new(async target =>
    {
        await using var raw = await RawHttp2.ConnectAsync(target.Server.Grpc);

        var answer = await raw.CallAsync(
            RawHttp2.EnforcePath,
            HostileTarget.Ask(request => request.AgentId = "other").ToByteArray(),
            [RawHttp2.Key(target.Key), ("grpc-timeout", Encoding.ASCII.GetBytes(timeout))]);

        Assert.True(answer.GrpcStatus == (int)expected, answer.ToString());
    });

    private static async Task NoDeadlineAsync(HostileTarget target) => await target.DecideAsync(HostileTarget.Ask());

    private static RowRun Headers(IEnumerable<(string, byte[])> headers) => new(async target =>
    {
        await using var raw = await RawHttp2.ConnectAsync(target.Server.Grpc);

        var answer = await raw.CallAsync(RawHttp2.EnforcePath, HostileTarget.Ask().ToByteArray(), [RawHttp2.Key(target.Key), .. headers]);

        Assert.True(answer.IsRefusedBelowGrpc, answer.ToString());
    });

    private static async Task ContinuationFloodAsync(HostileTarget target)
    {
        await using var raw = await RawHttp2.ConnectAsync(target.Server.Grpc);
        var stream = raw.NewStream();
        var chunk = Hpack.Encode([("x-flood", new byte[8 * 1024].Select(_ => (byte)'v').ToArray())]);
        await raw.WriteAsync(FrameType.Headers, 0, stream, RawHttp2.CallBlock(RawHttp2.EnforcePath, []));

        var sent = await raw.FloodAsync(() => new Frame(FrameType.Continuation, 0, stream, chunk).ToBytes(), atMost: 10_000);

        Assert.True(sent < 10_000, "80 MB of headers were taken in");
        Assert.NotEqual(Http2Error.NoError, await raw.ReadGoAwayAsync());
    }

    private static async Task RapidResetAsync(HostileTarget target)
    {
        using var victims = target.Server.Open();
        var victim = new Protocol.V1.EnforcementService.EnforcementServiceClient(victims);
        using var over = new CancellationTokenSource();
        var served = Task.Run(async () =>
        {
            var count = 0;
            do
            {
                await victim.EnforceAsync(HostileTarget.Ask(), target.Headers, deadline: DateTime.MaxValue);
                count++;
            }
            while (!over.IsCancellationRequested);
            return count;
        });
        await using var raw = await RawHttp2.ConnectAsync(target.Server.Grpc);
        var block = RawHttp2.CallBlock(RawHttp2.EnforcePath, [RawHttp2.Key(target.Key)]);

        var sent = await raw.FloodAsync(
            () =>
            {
                var stream = raw.NewStream();
                return
                [
                    .. new Frame(FrameType.Headers, Frame.EndHeaders, stream, block).ToBytes(),
                    .. new Frame(FrameType.RstStream, 0, stream, [0, 0, 0, (byte)Http2Error.Cancel]).ToBytes(),
                ];
            },
            atMost: ResetFlood);
        var error = await raw.ReadGoAwayAsync();
        await over.CancelAsync();
        target.Decisions += await served;

        Assert.True(sent < ResetFlood, "the flood was never stopped");
        Assert.True(error is null or Http2Error.EnhanceYourCalm, $"GOAWAY {error}");
    }

    private static async Task NeverReadsAsync(HostileTarget target)
    {
        await using var raw = await RawHttp2.ConnectAsync(target.Server.Grpc, initialWindow: 0);
        for (var i = 0; i < 100; i++)
        {
            var stream = raw.NewStream();
            await raw.WriteAsync(RawHttp2.HeaderFrames(stream, RawHttp2.CallBlock("/controlzero.v1.ClusterService/GetLimits", [RawHttp2.Key(target.Key)])));
            await raw.WriteAsync(FrameType.Data, Frame.EndStream, stream, RawHttp2.Message([]));
        }

        // Ends by the server's own rate limit (240 bytes a second after 5 s), whatever the client does.
        var ended = false;
        while (!ended && await raw.ReadAsync() is { } frame)
        {
            ended = frame.Type is FrameType.RstStream or FrameType.GoAway;
        }
    }

    private static async Task IdleAsync(HostileTarget target)
    {
        var limits = target.Server.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;
        Assert.InRange(limits.KeepAliveTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(130));
        Assert.NotNull(limits.MaxConcurrentConnections);
        var idle = new List<RawHttp2>();
        for (var i = 0; i < 300; i++)
        {
            idle.Add(await RawHttp2.OpenAsync(target.Server.Grpc));
        }

        await target.DecideAsync(HostileTarget.Ask());
        foreach (var connection in idle)
        {
            await connection.DisposeAsync();
        }
    }

    private static async Task TlsAsync(HostileTarget target)
    {
        await using var raw = await RawHttp2.OpenAsync(target.Server.Grpc);
        await using var tls = new SslStream(raw.Bytes);

        var failure = await Record.ExceptionAsync(() => tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost" }, raw.Limit));

        Assert.True(failure is AuthenticationException or IOException, failure?.ToString());
    }
}
