using ControlZero.Client.Tests.Routing;
using ControlZero.Client.Transport;
using ControlZero.Protocol.V1;
using Grpc.Core;

namespace ControlZero.Client.Tests.Transport;

public sealed class StreamExchangeTests
{
    // A server that takes no more for now makes writers queue. What is asked for nobody would still be charged.
    [Fact]
    public async Task Ask_WhoseCallerGoesBeforeItsTurn_IsNotSent()
    {
        var wire = new SlowWire();
        using var endpoint = TestEndpoints.Several(1, TimeProvider.System)[0];
        await using var exchange = new StreamExchange(wire.Call, endpoint, TimeSpan.FromSeconds(1), TimeProvider.System);
        using var patience = new CancellationTokenSource();
        var first = exchange.AskAsync(new EnforceStreamRequest(), CancellationToken.None);
        var second = exchange.AskAsync(new EnforceStreamRequest(), patience.Token);
        var third = exchange.AskAsync(new EnforceStreamRequest(), CancellationToken.None);

        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        wire.Takes.SetResult();
        await wire.Third.Task.WaitAsync(TimeSpan.FromMinutes(1));
        wire.Ends.SetResult(false);

        Assert.Equal([1UL, 3UL], wire.Sent);
        Assert.Null(await first);
        Assert.Null(await third);
    }

    /// <summary>A stream that takes nothing until it is told to, and never answers.</summary>
    private sealed class SlowWire : IClientStreamWriter<EnforceStreamRequest>, IAsyncStreamReader<EnforceStreamResponse>
    {
        public AsyncDuplexStreamingCall<EnforceStreamRequest, EnforceStreamResponse> Call =>
            new(this, this, Task.FromResult(new Metadata()), () => Status.DefaultSuccess, () => [], () => Ends.TrySetResult(false));

        public TaskCompletionSource Takes { get; } = new();

        public TaskCompletionSource Third { get; } = new();

        public TaskCompletionSource<bool> Ends { get; } = new();

        public List<ulong> Sent { get; } = [];

        public WriteOptions? WriteOptions { get; set; }

        public EnforceStreamResponse Current => throw new InvalidOperationException("there is none");

        public async Task WriteAsync(EnforceStreamRequest message)
        {
            await Takes.Task;
            Sent.Add(message.CorrelationId);
            if (message.CorrelationId == 3)
            {
                Third.SetResult();
            }
        }

        public Task CompleteAsync() => Task.CompletedTask;

        public Task<bool> MoveNext(CancellationToken cancellationToken) => Ends.Task;
    }
}
