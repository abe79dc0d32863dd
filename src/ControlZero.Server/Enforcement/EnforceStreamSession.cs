using System.Runtime.ExceptionServices;
using ControlZero.Engine;
using ControlZero.Protocol.V1;
using ControlZero.Server.Authentication;
using ControlZero.Server.Rpc;
using Grpc.Core;

namespace ControlZero.Server.Enforcement;

/// <summary>
/// One stream: reads requests while there is room, asks each agent's grain about whatever has arrived, and writes the answers as they come.
/// </summary>
/// <param name="caller">Who opened the stream.</param>
/// <param name="requests">The requests.</param>
/// <param name="answers">The answers.</param>
/// <param name="cancelRead">Makes a read that waits for the caller end, and the stream stay.</param>
/// <param name="isStillValid">Whether the caller's key may still be used.</param>
/// <param name="decideHere">Decides a question at once. Null: it cannot. Does not fail.</param>
/// <param name="decide">Decides the questions of one agent. Does not fail.</param>
internal sealed class EnforceStreamSession(
    ClientIdentity caller,
    IAsyncStreamReader<EnforceStreamRequest> requests,
    StreamAnswers answers,
    Action cancelRead,
    Func<ValueTask<bool>> isStillValid,
    Func<EnforceQuestion, EnforceOutcome?> decideHere,
    Func<IReadOnlyList<PlacedQuestion>, Action<ulong, EnforceOutcome>, Task> decide)
{
    private readonly Lock _gate = new();
    private readonly AgentGroups _arrived = new();
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
                if (_arrived.Count == Limits.BatchMaxRequests)
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
        if (message.MessageCase != EnforceStreamRequest.MessageOneofCase.Enforce)
        {
            answers.Add(message.CorrelationId, new EnforceOutcome(null, StreamMessage.Refuse(message)));
        }
        else if (!EnforceQuestion.TryRead(message.Enforce, caller, "", out var question, out var refusal))
        {
            answers.Add(message.CorrelationId, new EnforceOutcome(null, refusal));
        }
        else if (!_arrived.Has(question.Agent) && decideHere(question) is { } outcome)
        {
            answers.Add(message.CorrelationId, outcome);
        }
        else
        {
            _arrived.Add(message.CorrelationId, question);
        }
    }

    private void Dispatch()
    {
        foreach (var group in _arrived.Take())
        {
            if (TryBegin())
            {
                _ = DecideAsync(group);
            }
        }
    }

    private async Task DecideAsync(List<PlacedQuestion> group)
    {
        try
        {
            await decide(group, answers.Add);
        }
        finally
        {
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
        lock (_gate)
        {
            _running--;
            CompleteWhenDone();
        }
    }

    private void EndReading()
    {
        lock (_gate)
        {
            _readingIsOver = true;
            CompleteWhenDone();
        }
    }

    private void CompleteWhenDone()
    {
        if (_readingIsOver && _running == 0)
        {
            answers.Complete();
        }
    }
}
