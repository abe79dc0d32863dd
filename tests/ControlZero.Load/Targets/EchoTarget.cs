using System.Globalization;
using ControlZero.Load.Echo;
using ControlZero.Load.Generation;
using Grpc.Net.Client;

namespace ControlZero.Load.Targets;

/// <summary>The yardstick: a bare gRPC server whose messages are as long as ours.</summary>
internal sealed class EchoTarget : ITarget
{
    private EchoTarget(ServerProcess process, CallSet unary)
    {
        Process = process;
        Unary = unary;
    }

    public ServerProcess Process { get; }

    public CallSet Unary { get; }

    public CallSet Batch(int agents) => Unary.First(agents);

    public CallSet Stream(int agents) => Unary.First(agents);

    /// <summary>Starts it, and asks it once through a real client.</summary>
    /// <param name="like">The calls whose sizes it takes.</param>
    /// <param name="responseBytes">Size of the answers. Unit: bytes.</param>
    /// <param name="cancellationToken">Ends it at once.</param>
    public static async Task<EchoTarget> StartAsync(CallSet like, int responseBytes, CancellationToken cancellationToken)
    {
        var process = await ServerProcess.StartAsync(
            Environment.ProcessPath!,
            ["echo", "--response-bytes", responseBytes.ToString(CultureInfo.InvariantCulture)],
            cancellationToken);
        try
        {
            var bodies = new byte[like.Bodies.Length][];
            for (var i = 0; i < bodies.Length; i++)
            {
                bodies[i] = GrpcBody.Of(EchoMessages.OfSize(like.Bodies.Span[i].Length - GrpcBody.Of(new EchoMessage()).Length));
            }

            using var channel = GrpcChannel.ForAddress($"http://{process.Grpc}");
            var answer = await new EchoService.EchoServiceClient(channel).EchoAsync(
                EchoMessage.Parser.ParseFrom(bodies[0].AsSpan(5)), cancellationToken: cancellationToken);
            return answer.CalculateSize() == responseBytes
                ? new EchoTarget(process, new CallSet(process.Grpc, "/controlzero.load.EchoService/Echo", null, bodies, default, 1))
                : throw new LoadException($"the echo answers with {answer.CalculateSize()} bytes instead of {responseBytes}");
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
