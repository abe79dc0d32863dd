namespace ControlZero.Audit.Log;

/// <summary>
/// Batches whose answers wait for a sink. When the sinks fail, or none has answered in time, the local disk has to do (spill), until a sink has caught up.
/// </summary>
internal sealed class SinkWaiters : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Queue<(EntryBatch Batch, long Last, long Since)> _waiting = new();
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;
    private readonly Action<EntryBatch> _recycle;
    private readonly ITimer _timer;
    private AuditAppend _answer = new(AuditOutcome.Durable);
    private long _last;
    private long _shipped;
    private bool _spills;

    public SinkWaiters(TimeSpan patience, TimeProvider time, Action<EntryBatch> recycle)
    {
        (_patience, _time, _recycle) = (patience, time, recycle);
        _timer = time.CreateTimer(_ => LookForLate(), null, patience / 2, patience / 2);
    }

    /// <summary>Whether answers do not wait for a sink at present.</summary>
    public bool Spills
    {
        get
        {
            lock (_lock)
            {
                return _spills;
            }
        }
    }

    public void Add(EntryBatch batch, long last)
    {
        lock (_lock)
        {
            _last = last;
            if (!_spills && last > _shipped && _answer.IsAccepted)
            {
                _waiting.Enqueue((batch, last, _time.GetTimestamp()));
                return;
            }
        }

        Answer(batch);
    }

    public void Shipped(long sequence, bool isFailing)
    {
        lock (_lock)
        {
            _shipped = sequence;
            _spills = isFailing || (_spills && sequence < _last);
        }

        AnswerThose(waiter => waiter.Last <= sequence || isFailing);
    }

    /// <summary>Nothing more will be in a sink.</summary>
    public void Refuse(AuditAppend refusal)
    {
        lock (_lock)
        {
            _answer = refusal;
        }

        AnswerThose(_ => true);
    }

    public void Dispose()
    {
        _timer.Dispose();
        AnswerThose(_ => true);
    }

    private void LookForLate()
    {
        lock (_lock)
        {
            if (!_waiting.TryPeek(out var oldest) || _time.GetElapsedTime(oldest.Since) < _patience)
            {
                return;
            }

            _spills = true;
        }

        AnswerThose(_ => true);
    }

    private void AnswerThose(Func<(EntryBatch Batch, long Last, long Since), bool> wanted)
    {
        while (true)
        {
            EntryBatch batch;
            lock (_lock)
            {
                if (!_waiting.TryPeek(out var oldest) || !wanted(oldest))
                {
                    return;
                }

                batch = _waiting.Dequeue().Batch;
            }

            Answer(batch);
        }
    }

    private void Answer(EntryBatch batch)
    {
        batch.Answer(_answer);
        _recycle(batch);
    }
}
