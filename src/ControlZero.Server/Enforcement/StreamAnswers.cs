using System.Threading.Channels;
using ControlZero.Audit.Log;
using ControlZero.Engine;
using ControlZero.Grains.Feed;
using ControlZero.Protocol.V1;
using ControlZero.Server.Audit;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Enforcement;

/// <summary>
/// The answers of one stream on their way out, and the room for requests: each takes a place when it is about to be read and gives it back
/// when its answer has left. Answers that are added together are recorded together, while those before them are written.
/// </summary>
/// <param name="responses">Where the answers go.</param>
/// <param name="caller">Who opened the stream.</param>
/// <param name="isStillValid">Whether the caller's key may still be used.</param>
/// <param name="trail">Records the answers.</param>
/// <param name="gate">Of the stream's connection. Null: answers wait here for their events.</param>
internal sealed class StreamAnswers(
    IServerStreamWriter<EnforceStreamResponse> responses,
    ClientIdentity caller,
    Func<ValueTask<bool>> isStillValid,
    DecisionTrail trail,
    AnswerGate? gate = null) : IDisposable
{
    /// <summary>Answers that are held back at most. What is held back does not push against the caller, so it must end.</summary>
    public const int MostHeldBack = 64;

    private static readonly AuditAppend Promised = new(AuditOutcome.Durable);
    private static readonly WriteOptions HoldBack = new(WriteFlags.BufferHint);

    private readonly SemaphoreSlim _room = new(Limits.StreamMaxInFlight);

    // Whoever adds answers writes them, on his own thread, unless somebody is at it: handing them to another thread costs more than they do.
    private readonly Channel<Group> _waiting = Channel.CreateUnbounded<Group>(
        new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true });

    private int _announced;

    /// <summary>Takes a place for one request. Waits when <see cref="Limits.StreamMaxInFlight"/> are taken.</summary>
    public Task TakePlaceAsync(CancellationToken cancellationToken) => _room.WaitAsync(cancellationToken);

    /// <summary>Says that answers are being made elsewhere, so that others may wait a moment to leave with them.</summary>
    public void Announce() => Interlocked.Increment(ref _announced);

    /// <summary>Adds answers that were announced.</summary>
    public void AddAnnounced(IReadOnlyList<(ulong CorrelationId, EnforceOutcome Outcome)> answers)
    {
        Interlocked.Decrement(ref _announced);
        Add(answers);
    }

    /// <summary>Adds answers that leave together. May write them before it returns.</summary>
    public void Add(IReadOnlyList<(ulong CorrelationId, EnforceOutcome Outcome)> answers) =>
        _waiting.Writer.TryWrite(new Group(answers, trail.BeginAsync(answers, caller)));

    /// <summary>Says that no answer comes any more.</summary>
    public void Complete() => _waiting.Writer.TryComplete();

    /// <summary>Writes answers as they come until the last one, and flushes whenever none is waiting.</summary>
    /// <exception cref="RpcException">The key may not be used any more.</exception>
    public async Task WriteAsync()
    {
        var held = 0;
        while (await _waiting.Reader.WaitToReadAsync())
        {
            while (_waiting.Reader.TryRead(out var group))
            {
                var isPromised = trail.MayWaitAt(gate, group.Recording);
                var answers = await trail.EndAsync(group.Answers, isPromised ? Promised : await group.Recording, caller);
                var now = default(Moment);
                for (var index = 0; index < answers.Count; index++)
                {
                    // INVARIANT: no answer leaves on a look at the key or the clock from before a wait. Between those that are only put down nobody waits.
                    if (now == default && !await isStillValid())
                    {
                        throw RpcErrors.InvalidCredentials().ToRpcException();
                    }

                    held++;
                    var isLast = index == answers.Count - 1;
                    var flush = held == MostHeldBack || (isLast && !await AreOthersWaitingAsync());
                    responses.WriteOptions = flush ? WriteOptions.Default : HoldBack;
                    var leaving = answers[index].Outcome;
                    if (flush || isLast || leaving.Lease.IsOverAt(ref now))
                    {
                        leaving = await trail.EndAsync(leaving, caller);
                        now = default;
                    }

                    if (isPromised)
                    {
                        gate!.Hold(group.Recording, leaving.Lease);
                    }

                    var writing = responses.WriteAsync(EnforceMapping.ToAnswer(answers[index].CorrelationId, leaving));
                    if (!writing.IsCompletedSuccessfully)
                    {
                        await writing;
                        now = default;
                    }

                    if (flush)
                    {
                        _room.Release(held);
                        held = 0;
                    }
                }
            }
        }
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

    // A flush is a system call, and a frame of its own for the caller to read. Decisions that are ready to end get one turn to do so first.
    private async ValueTask<bool> AreOthersWaitingAsync()
    {
        if (!_waiting.Reader.TryPeek(out _) && Volatile.Read(ref _announced) > 0)
        {
            await Task.Yield();
        }

        // What is not recorded yet takes a flush of the disk: nobody should wait for that who need not.
        return _waiting.Reader.TryPeek(out var next) && (next.Recording.IsCompleted || trail.MayWaitAt(gate, next.Recording));
    }

    private readonly record struct Group(IReadOnlyList<(ulong CorrelationId, EnforceOutcome Outcome)> Answers, Task<AuditAppend> Recording);
}
