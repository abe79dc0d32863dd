using System.Threading.Channels;
using ControlZero.Engine;
using ControlZero.Protocol.V1;
using ControlZero.Server.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Enforcement;

/// <summary>
/// The answers of one stream on their way out, and the room for requests: each takes a place when it is about to be read and gives it back
/// when its answer has left.
/// </summary>
/// <param name="responses">Where the answers go.</param>
/// <param name="isStillValid">Whether the caller's key may still be used.</param>
internal sealed class StreamAnswers(IServerStreamWriter<EnforceStreamResponse> responses, Func<ValueTask<bool>> isStillValid) : IDisposable
{
    // What is held back does not push against the caller, so it must end, also while answers keep coming.
    private const int MostHeldBack = 64;

    private static readonly WriteOptions HoldBack = new(WriteFlags.BufferHint);

    private readonly SemaphoreSlim _room = new(Limits.StreamMaxInFlight);
    private readonly Channel<(ulong CorrelationId, EnforceOutcome Outcome)> _waiting =
        Channel.CreateUnbounded<(ulong CorrelationId, EnforceOutcome Outcome)>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Takes a place for one request. Waits when <see cref="Limits.StreamMaxInFlight"/> are taken.</summary>
    public Task TakePlaceAsync(CancellationToken cancellationToken) => _room.WaitAsync(cancellationToken);

    /// <summary>Adds the answer to a request.</summary>
    public void Add(ulong correlationId, EnforceOutcome outcome) => _waiting.Writer.TryWrite((correlationId, outcome));

    /// <summary>Says that no answer comes any more.</summary>
    public void Complete() => _waiting.Writer.TryComplete();

    /// <summary>Writes answers as they come until the last one, and flushes whenever none is waiting.</summary>
    /// <exception cref="RpcException">The key may not be used any more.</exception>
    public async Task WriteAsync()
    {
        var held = 0;
        while (await _waiting.Reader.WaitToReadAsync())
        {
            while (_waiting.Reader.TryRead(out var answer))
            {
                if (!await isStillValid())
                {
                    throw RpcErrors.InvalidCredentials().ToRpcException();
                }

                held++;
                var flush = held == MostHeldBack || !await IsAnotherWaitingAsync();
                responses.WriteOptions = flush ? WriteOptions.Default : HoldBack;
                await responses.WriteAsync(EnforceMapping.ToAnswer(answer.CorrelationId, answer.Outcome.Leave()));
                if (flush)
                {
                    _room.Release(held);
                    held = 0;
                }
            }
        }
    }

    // A flush is a system call, and a frame of its own for the caller to read. Decisions that are ready to end get one turn to do so first.
    private async ValueTask<bool> IsAnotherWaitingAsync()
    {
        if (_waiting.Reader.TryPeek(out _))
        {
            return true;
        }

        await Task.Yield();
        return _waiting.Reader.TryPeek(out _);
    }

    /// <summary>Throws away what nobody will take, until the last one.</summary>
    public async Task DiscardAsync()
    {
        while (await _waiting.Reader.WaitToReadAsync())
        {
            while (_waiting.Reader.TryRead(out _))
            {
            }
        }
    }

    public void Dispose() => _room.Dispose();
}
