using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using ControlZero.Audit.Format.Events;
using ControlZero.Audit.Log;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Hosting;
using ControlZero.Server.Authentication;
using ControlZero.Server.Enforcement;
using ControlZero.Server.Rpc;
using Grpc.Core;
using AuditEvent = ControlZero.Audit.Format.Events.AuditEvent;
using AuditEventKind = ControlZero.Audit.Format.Events.AuditEventKind;

namespace ControlZero.Server.Audit;

/// <summary>
/// The last part of every answer's way: its event is written, then it is looked at whether the answer may still leave as it is, and if not,
/// an amendment is written before the other one does. Nothing here ends with the call that asked.
/// </summary>
/// <param name="log">The silo's log. Null: nothing is recorded.</param>
/// <param name="events">Makes events of answers.</param>
/// <param name="clock">Tells when.</param>
internal sealed class DecisionTrail(IAuditLog? log, DecisionEvents events, [FromKeyedServices(ClusterClock.Key)] TimeProvider clock)
{
    private static readonly Task<AuditAppend> NothingToRecord = Task.FromResult(new AuditAppend(AuditOutcome.Durable));

    [ThreadStatic]
    private static EventBuffer? _bytes;

    /// <summary>Takes one outcome to where it may be handed to the network: its event is written, and it is what may leave at this moment.</summary>
    /// <param name="outcome">The outcome.</param>
    /// <param name="caller">Who asked.</param>
    /// <param name="gate">Of the connection it leaves by: waits for the event in the call's place. Null: the call waits.</param>
    public ValueTask<EnforceOutcome> LeaveAsync(EnforceOutcome outcome, ClientIdentity caller, AnswerGate? gate = null)
    {
        outcome = outcome.Leave();
        if (log is null || outcome.Response is null)
        {
            return ValueTask.FromResult(outcome);
        }

        var recorded = Record(AuditEventKind.Decision, outcome, caller);
        if (recorded.IsCompletedSuccessfully)
        {
            return EndAsync(Accept(outcome, recorded.Result), caller);
        }

        if (!MayWaitAt(gate, recorded))
        {
            return WaitAsync(outcome, recorded, caller);
        }

        gate.Hold(recorded, outcome.Lease);
        return ValueTask.FromResult(outcome);
    }

    /// <summary>Takes several there, and waits once for all of them.</summary>
    /// <param name="outcomes">The outcomes; they are replaced by what may leave.</param>
    /// <param name="caller">Who asked.</param>
    /// <param name="gate">Of the connection they leave by, which waits in the call's place. Null: the call waits.</param>
    public async ValueTask LeaveAsync(EnforceOutcome[] outcomes, ClientIdentity caller, AnswerGate? gate = null)
    {
        var now = default(Moment);
        for (var index = 0; index < outcomes.Length; index++)
        {
            outcomes[index] = outcomes[index].LeaveAt(ref now);
        }

        if (log is null)
        {
            return;
        }

        var recording = Record(AuditEventKind.Decision, outcomes, caller);
        if (MayWaitAt(gate, recording))
        {
            foreach (var outcome in outcomes)
            {
                gate.Hold(recording, outcome.Lease);
            }

            return;
        }

        var recorded = await recording;
        for (var index = 0; index < outcomes.Length && !recorded.IsAccepted; index++)
        {
            outcomes[index] = Accept(outcomes[index], recorded);
        }

        await AmendAsync(outcomes, caller);
    }

    /// <summary>True when an answer need not wait for its event, because it is about to be durable and the connection holds the answer until then.</summary>
    /// <param name="gate">The connection's.</param>
    /// <param name="recording">The event.</param>
    public bool MayWaitAt([NotNullWhen(true)] AnswerGate? gate, Task<AuditAppend> recording) => gate is not null && !recording.IsCompleted && log is { IsPrompt: true };

    /// <summary>Begins to record outcomes that will leave together; for a stream, whose answers wait their turn meanwhile. None of them may have left.</summary>
    /// <param name="outcomes">The outcomes.</param>
    /// <param name="caller">Who asked.</param>
    public Task<AuditAppend> BeginAsync(IReadOnlyList<(ulong CorrelationId, EnforceOutcome Outcome)> outcomes, ClientIdentity caller) =>
        log is null ? NothingToRecord : Record(AuditEventKind.Decision, [.. outcomes.Select(each => each.Outcome)], caller);

    /// <summary>Outcomes of a stream after they were recorded: those that may not leave as they are any more are amended together.</summary>
    /// <param name="outcomes">The outcomes.</param>
    /// <param name="recorded">What became of their events.</param>
    /// <param name="caller">Who asked.</param>
    public ValueTask<IReadOnlyList<(ulong CorrelationId, EnforceOutcome Outcome)>> EndAsync(
        IReadOnlyList<(ulong CorrelationId, EnforceOutcome Outcome)> outcomes,
        AuditAppend recorded,
        ClientIdentity caller)
    {
        var now = default(Moment);
        for (var index = 0; index < outcomes.Count; index++)
        {
            if (!recorded.IsAccepted || outcomes[index].Outcome.Lease.IsOverAt(ref now))
            {
                return AmendAsync(outcomes, recorded, caller);
            }
        }

        return ValueTask.FromResult(outcomes);
    }

    /// <summary>An outcome as it may leave at this moment, after its event was recorded. The last thing before it is handed to the network.</summary>
    /// <param name="outcome">The outcome.</param>
    /// <param name="caller">Who asked.</param>
    public ValueTask<EnforceOutcome> EndAsync(EnforceOutcome outcome, ClientIdentity caller)
    {
        if (!outcome.Lease.IsOver)
        {
            return ValueTask.FromResult(outcome);
        }

        return log is null ? ValueTask.FromResult(outcome.Leave()) : AmendAsync(outcome.Leave(), caller);
    }

    /// <summary>Records what became of a reservation, after it did.</summary>
    /// <param name="make">Makes its event, of its id and time.</param>
    /// <param name="caller">Who asked.</param>
    /// <exception cref="RpcException">It could not be recorded. What was settled stays settled; asked again, it is recorded as replayed.</exception>
    public async Task RecordAsync(Func<string, DateTimeOffset, AuditEvent> make, ClientIdentity caller)
    {
        if (log is null)
        {
            return;
        }

        var now = clock.GetUtcNow();
        var recorded = await Append(make(DecisionIds.Next(now), now), caller, now);
        if (!recorded.IsAccepted)
        {
            throw RpcErrors.AuditUnavailable().ToRpcException();
        }
    }

    private static EnforceOutcome Accept(EnforceOutcome outcome, AuditAppend recorded) =>
        recorded.IsAccepted || outcome.Response is null ? outcome : new EnforceOutcome(null, RpcErrors.AuditUnavailable());

    private async ValueTask<EnforceOutcome> WaitAsync(EnforceOutcome outcome, Task<AuditAppend> recorded, ClientIdentity caller) =>
        await EndAsync(Accept(outcome, await recorded), caller);

    private async ValueTask<IReadOnlyList<(ulong CorrelationId, EnforceOutcome Outcome)>> AmendAsync(
        IReadOnlyList<(ulong CorrelationId, EnforceOutcome Outcome)> group,
        AuditAppend recorded,
        ClientIdentity caller)
    {
        var outcomes = new EnforceOutcome[group.Count];
        for (var index = 0; index < outcomes.Length; index++)
        {
            outcomes[index] = Accept(group[index].Outcome, recorded);
        }

        await AmendAsync(outcomes, caller);
        return [.. outcomes.Select((outcome, index) => (group[index].CorrelationId, outcome))];
    }

    // Again and again: while some are amended, others may grow too old.
    private async ValueTask AmendAsync(EnforceOutcome[] outcomes, ClientIdentity caller)
    {
        while (Withhold(outcomes) is { Count: > 0 } withheld && log is not null)
        {
            var amendment = await Record(AuditEventKind.Amendment, [.. withheld.Select(index => outcomes[index])], caller);
            foreach (var index in withheld)
            {
                outcomes[index] = Accept(outcomes[index], amendment);
            }
        }
    }

    private static List<int> Withhold(EnforceOutcome[] outcomes)
    {
        List<int>? withheld = null;
        var now = default(Moment);
        for (var index = 0; index < outcomes.Length; index++)
        {
            if (outcomes[index].Lease.IsOverAt(ref now))
            {
                outcomes[index] = outcomes[index].LeaveAt(ref now);
                (withheld ??= []).Add(index);
            }
        }

        return withheld ?? [];
    }

    // A deny needs no further look: it may leave at any time.
    private async ValueTask<EnforceOutcome> AmendAsync(EnforceOutcome amended, ClientIdentity caller) =>
        Accept(amended, await Record(AuditEventKind.Amendment, amended, caller));

    private Task<AuditAppend> Record(AuditEventKind kind, in EnforceOutcome outcome, ClientIdentity caller)
    {
        var now = clock.GetUtcNow();
        return Append(events.Of(kind, outcome, caller.Key.Id, now), caller, now);
    }

    private Task<AuditAppend> Append(AuditEvent audited, ClientIdentity caller, DateTimeOffset now)
    {
        var bytes = _bytes ??= new EventBuffer();
        bytes.Rewind(0);
        EventJson.Write(audited, bytes);

        // INVARIANT: no token of the call goes further than here. A caller that hangs up must not erase its event.
        return log!.AppendAsync(new AuditEntry(caller.Tenant, now, bytes.Between(0, bytes.Length)));
    }

    private Task<AuditAppend> Record(AuditEventKind kind, EnforceOutcome[] outcomes, ClientIdentity caller)
    {
        var bytes = _bytes ??= new EventBuffer();
        bytes.Rewind(0);
        var now = clock.GetUtcNow();
        var entries = ArrayPool<AuditEntry>.Shared.Rent(outcomes.Length);
        var ends = ArrayPool<int>.Shared.Rent(outcomes.Length);
        var count = 0;
        foreach (var outcome in outcomes)
        {
            if (outcome.Response is not null)
            {
                EventJson.Write(events.Of(kind, outcome, caller.Key.Id, now), bytes);
                ends[count++] = bytes.Length;
            }
        }

        for (var index = 0; index < count; index++)
        {
            entries[index] = new AuditEntry(caller.Tenant, now, bytes.Between(index == 0 ? 0 : ends[index - 1], ends[index]));
        }

        var recorded = count == 0 ? NothingToRecord : log!.AppendAsync(entries.AsSpan(0, count));
        ArrayPool<AuditEntry>.Shared.Return(entries, clearArray: true);
        ArrayPool<int>.Shared.Return(ends);
        return recorded;
    }
}
