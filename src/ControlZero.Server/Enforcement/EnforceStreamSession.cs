using System.Runtime.ExceptionServices;
using ControlZero.Engine;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Enforcement;

/// <summary>
/// One stream: reads requests while there is room, decides them as they arrive or asks the agents' grains about all that have, settles at once,
/// and writes the answers whenever no further request is there.
/// </summary>
/// <param name="caller">Who opened the stream.</param>
/// <param name="requests">The requests.</param>
/// <param name="answers">The answers.</param>
/// <param name="cancelRead">Makes a read that waits for the caller end, and the stream stay.</param>
/// <param name="isStillValid">Whether the caller's key may still be used.</param>
/// <param name="decideHere">Decides a question at once. Null: it cannot. Does not fail.</param>
/// <param name="decide">Decides the questions of one agent. Does not fail.</param>
/// <param name="settle">Settles or cancels. Does not fail.</param>
internal sealed class EnforceStreamSession(
    ClientIdentity caller,
    IAsyncStreamReader<EnforceStreamRequest> requests,
    StreamAnswers answers,
    Action cancelRead,
    Func<ValueTask<bool>> isStillValid,
    Func<EnforceQuestion, EnforceOutcome?> decideHere,
    Func<IReadOnlyList<PlacedQuestion>, Action<ulong, EnforceOutcome>, Task> decide,
    Func<EnforceStreamRequest, Task<EnforceOutcome>> settle)
{
    private readonly Lock _gate = new();
    private readonly AgentGroups _arrived = new();
    private List<(ulong CorrelationId, EnforceOutcome Outcome)> _answered = [];
    private ExceptionDispatchInfo? _readFailure;
    private bool _readingIsOver;
    private int _running;

    /// <summary>Runs the stream to its end. When it returns, no decision is under way any more.</summary>
    public async Task RunAsync(CancellationToken call)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(call);
        var reading = ReadAsync(call, ended.Token);
        try
        {
            await answers.WriteAsync();
        }
        catch (Exception)
        {
            // INVARIANT: no read outlives the call. Kestrel uses a stream again for a later call of the connection, which would then find
            // a read under way. Its token is not used: that would reset the stream before the status is sent.
            EndReading();
            await ended.CancelAsync();
            cancelRead();
            await answers.DiscardAsync();
            await reading;
            throw;
        }

        await reading;
        _readFailure?.Throw();
    }

    private async Task ReadAsync(CancellationToken call, CancellationToken ended)
    {
        try
        {
            while (await MoveNextAsync(call, ended))
            {
                if (!await isStillValid())
                {
                    throw RpcErrors.InvalidCredentials().ToRpcException();
                }

                Take(requests.Current);
                if (_arrived.Count == Limits.BatchMaxRequests || _answered.Count == StreamAnswers.MostHeldBack)
                {
                    Dispatch();
                }
            }
        }
        catch (Exception failure)
        {
            _readFailure = ExceptionDispatchInfo.Capture(failure);
        }

        // Also after a message that ends the stream: what came before it was in order.
        if (!ended.IsCancellationRequested)
        {
            Dispatch();
        }

        EndReading();
    }

    private async Task<bool> MoveNextAsync(CancellationToken call, CancellationToken ended)
    {
        var place = answers.TakePlaceAsync(ended);
        if (!place.IsCompletedSuccessfully)
        {
            // INVARIANT: nothing that has a place waits for another to get one.
            Dispatch();
            await place;
        }

        var next = requests.MoveNext(call);
        if (!next.IsCompletedSuccessfully)
        {
            Dispatch();
        }

        return await next;
    }

    private void Take(EnforceStreamRequest message)
    {
        if (message.MessageCase is EnforceStreamRequest.MessageOneofCase.Settle or EnforceStreamRequest.MessageOneofCase.Cancel)
        {
            BeginToSettle(message);
        }
        else if (message.MessageCase != EnforceStreamRequest.MessageOneofCase.Enforce)
        {
            Answer(message.CorrelationId, new EnforceOutcome(null, StreamMessage.RefuseEmpty()));
        }
        else if (!EnforceQuestion.TryRead(message.Enforce, caller, "", out var question, out var refusal))
        {
            Answer(message.CorrelationId, new EnforceOutcome(null, refusal));
        }
        else if (!_arrived.Has(question.Agent) && decideHere(question) is { } outcome)
        {
            Answer(message.CorrelationId, outcome);
        }
        else
        {
            _arrived.Add(message.CorrelationId, question);
        }
    }

    private void Answer(ulong correlationId, EnforceOutcome outcome) => _answered.Add((correlationId, outcome));

    // Everything that has arrived: what is to be asked is asked first, so that it is under way while the rest is written.
    private void Dispatch()
    {
        foreach (var group in _arrived.Take())
        {
            if (TryBegin())
            {
                answers.Announce();
                _ = DecideAsync(group);
            }
        }

        if (_answered.Count > 0)
        {
            var answered = _answered;
            _answered = new List<(ulong CorrelationId, EnforceOutcome Outcome)>(answered.Count);
            answers.Add(answered);
        }
    }

    // At once: it names a reservation that was answered before, so it waits for no question that arrived.
    private void BeginToSettle(EnforceStreamRequest message)
    {
        if (TryBegin())
        {
            answers.Announce();
            _ = SettleAsync(message);
        }
    }

    private async Task SettleAsync(EnforceStreamRequest message)
    {
        var answered = new List<(ulong CorrelationId, EnforceOutcome Outcome)>(1);
        try
        {
            answered.Add((message.CorrelationId, await settle(message)));
        }
        finally
        {
            answers.AddAnnounced(answered);
            End();
        }
    }

    private async Task DecideAsync(List<PlacedQuestion> group)
    {
        var answered = new List<(ulong CorrelationId, EnforceOutcome Outcome)>(group.Count);
        try
        {
            await decide(group, (place, outcome) => answered.Add((place, outcome)));
        }
        finally
        {
            answers.AddAnnounced(answered);
            End();
        }
    }

    private bool TryBegin()
    {
        lock (_gate)
        {
            if (_readingIsOver)
            {
                return false;
            }

            _running++;
            return true;
        }
    }

    private void End()
    {
        bool isLast;
        lock (_gate)
        {
            _running--;
            isLast = _readingIsOver && _running == 0;
        }

        CompleteIf(isLast);
    }

    private void EndReading()
    {
        bool isLast;
        lock (_gate)
        {
            _readingIsOver = true;
            isLast = _running == 0;
        }

        CompleteIf(isLast);
    }

    // Never under the lock: the end of the stream may run on this very thread.
    private void CompleteIf(bool isLast)
    {
        if (isLast)
        {
            answers.Complete();
        }
    }
}
