using ControlZero.Audit.Sinks;
using ControlZero.Audit.Wal;

namespace ControlZero.Audit.Log;

// What the writer's thread does, and what the lanes tell it.
public sealed partial class AuditLog
{
    // Mode buffered gathers this long, so that not every entry wakes a thread.
    private const int GatherMilliseconds = 1;

    private const string QueueFull = "queue_full";
    private const string Crash = "crash";

    // After the disk has failed, entries are refused for this long without asking it.
    private static readonly TimeSpan DiskPause = TimeSpan.FromMilliseconds(250);

    // What a disk that is well takes at most for a batch.
    private static readonly TimeSpan PromptCommit = TimeSpan.FromMilliseconds(100);

    private static readonly AuditAppend Durable = new(AuditOutcome.Durable);

    private AuditPosition _committed;
    private string? _trouble;
    private long _walBytes;
    private long _recoveredBytes;
    private long _lost;
    private long _diskFailedAt;
    private long _commitBegan;
    private long _gapInBatch;
    private string _dropReason = QueueFull;
    private WalSegment? _endWanted;
    private bool _unflushed;
    private bool _isNearlyFull;

    private void Run()
    {
        while (Next() is { } batch)
        {
            if (batch.Count > 0)
            {
                Commit(batch);
            }
            else
            {
                Recycle(batch);
            }

            if (Interlocked.Exchange(ref _ticked, false))
            {
                Attempt(Housekeep);
            }
        }

        CommitLastGap();
        Attempt(_writer.End);
        Checkpoint();
        Wake();
    }

    // Null: closed, and nothing is left. An empty batch: only a tick.
    private EntryBatch? Next()
    {
        lock (_gate)
        {
            while (_full.Count == 0 && _open.Count == 0 && !_ticked)
            {
                if (_closing)
                {
                    return null;
                }

                _waits = true;
                Monitor.Wait(_gate);
                _waits = false;
                if (_options.Mode is AuditMode.Buffered && _full.Count == 0 && !_closing && !_ticked)
                {
                    Monitor.Wait(_gate, GatherMilliseconds);
                }
            }

            if (!_full.TryDequeue(out var batch))
            {
                (batch, _open) = (_open, Free());
            }

            _queuedBytes -= batch.Bytes;
            AddGap(batch);
            return batch;
        }
    }

    private void AddGap(EntryBatch batch)
    {
        (_gapInBatch, _dropped) = (_dropped, 0);
        if (_gapInBatch > 0)
        {
            batch.Add(SegmentLines.Gap(_time.GetUtcNow(), _dropReason, _gapInBatch));
            _dropReason = QueueFull;
        }
    }

    private void CommitLastGap()
    {
        var batch = new EntryBatch();
        lock (_gate)
        {
            AddGap(batch);
        }

        if (batch.Count > 0)
        {
            Commit(batch);
        }
    }

    private void Commit(EntryBatch batch)
    {
        if (WhyNot() is { } reason)
        {
            Fail(batch, reason);
            return;
        }

        var flush = _options.Mode is not AuditMode.Buffered;
        Volatile.Write(ref _commitBegan, _time.GetTimestamp());
        try
        {
            _writer.Commit(batch, flush);
        }
        catch (IOException failure)
        {
            _diskFailedAt = _time.GetTimestamp();
            if (_trouble is null)
            {
                LogDiskFailed(failure);
            }

            Fail(batch, $"the local disk does not take it: {failure.Message}");
            return;
        }
        finally
        {
            Volatile.Write(ref _commitBegan, 0);
        }

        _count?.Write(batch.Count - (_gapInBatch > 0 ? 1 : 0) + _gapInBatch);
        _unflushed |= !flush;
        Committed();
        if (_waiters is not null)
        {
            _waiters.Add(batch, batch.Last);
        }
        else
        {
            batch.Answer(Durable);
            Recycle(batch);
        }
    }

    private string? WhyNot()
    {
        if (_trouble is not null && _diskFailedAt != 0 && _time.GetElapsedTime(_diskFailedAt) < DiskPause)
        {
            return _trouble;
        }

        var spilled = Volatile.Read(ref _walBytes) - _lanes.Max(lane => lane.ShippedBytes);
        Volatile.Write(ref _isNearlyFull, spilled > _options.SpillBytes - (2 * BatchBytes));
        return spilled > _options.SpillBytes
            ? $"no audit sink takes anything, and {spilled} bytes wait on the local disk, of at most {_options.SpillBytes}: {_lanes[0].Trouble}"
            : null;
    }

    private void Committed()
    {
        (_diskFailedAt, _trouble) = (0, null);
        Volatile.Write(ref _walBytes, _recoveredBytes + _writer.Bytes);
        lock (_gate)
        {
            _committed = _committed with { Sequence = _writer.Sequence };
        }

        Wake();
    }

    private void Fail(EntryBatch batch, string reason)
    {
        if (_options.Mode is AuditMode.Buffered)
        {
            // They were accepted, so they are lost: counted now, written down as a gap when the disk is back.
            lock (_gate)
            {
                var entries = batch.Count - (_gapInBatch > 0 ? 1 : 0);
                _lost += entries;
                _dropped += entries + _gapInBatch;
                _dropReason = _dropReason == Crash ? Crash : "disk";
            }
        }

        _trouble = reason;
        batch.Answer(new AuditAppend(AuditOutcome.Unavailable, reason));
        Recycle(batch);
    }

    private void Housekeep()
    {
        if (_unflushed)
        {
            _writer.Flush();
            _unflushed = false;
        }

        Checkpoint();
        _writer.EndWhenDue(Interlocked.Exchange(ref _endWanted, null));
        Wake();
    }

    // INVARIANT: the ledger never says what the disk could still forget.
    private void Checkpoint()
    {
        if (!_unflushed)
        {
            _ledger?.Reached(_writer.Sequence, _writer.Head);
        }
    }

    private void Attempt(Action work)
    {
        try
        {
            work();
        }
        catch (IOException failure)
        {
            LogDiskFailed(failure);
        }
    }

    private void Tick()
    {
        lock (_gate)
        {
            _ticked = true;
            Monitor.Pulse(_gate);
        }
    }

    private void Wake()
    {
        foreach (var lane in _lanes)
        {
            lane.Wake();
        }
    }

    private void Recycle(EntryBatch batch)
    {
        batch.Clear();
        lock (_gate)
        {
            if (_free.Count <= _options.QueueBytes / BatchBytes)
            {
                _free.Push(batch);
            }
        }
    }

    private void Begun(WalSegment segment)
    {
        lock (_held)
        {
            _held.Add(segment);
        }

        foreach (var lane in _lanes)
        {
            lane.Enqueue(segment);
        }
    }

    private void Adopt(IReadOnlyList<RecoveredSegment> recovered)
    {
        foreach (var (id, created, file, progress, header, isDamaged) in recovered)
        {
            LogRecovered(id.ToString(), progress.Last - progress.First + 1);
            if (isDamaged)
            {
                LogDamaged(id.ToString(), progress.Last);
                lock (_held)
                {
                    _damaged.Add(id);
                }
            }

            _recoveredBytes += progress.Lines;
            Begun(new WalSegment(id, created, file, progress, header, Readers, Released));
        }

        _walBytes = _recoveredBytes;
    }

    void ILaneLog.Progressed(SinkLane lane)
    {
        if (lane.IsFenced)
        {
            var refusal = Refusal($"this silo was taken for dead and is fenced off: {lane.Trouble}");
            lock (_gate)
            {
                _refusal ??= refusal;
            }

            _waiters?.Refuse(refusal.Result);
        }

        _waiters?.Shipped(_lanes.Max(each => each.Shipped), isFailing: _lanes.All(each => each.Trouble is not null));
        if (lane == _lanes[0])
        {
            Readable?.Invoke(new AuditPosition(_options.Silo, _generation, lane.Shipped));
        }
    }

    void ILaneLog.EndSegment(WalSegment segment)
    {
        if (Interlocked.Exchange(ref _endWanted, segment) != segment)
        {
            Tick();
        }
    }

    bool ILaneLog.MayGiveUp(SinkLane lane, WalSegment segment) =>
        Volatile.Read(ref _walBytes) - lane.ShippedBytes > _options.SpillBytes
        && _lanes.Any(other => other.ShippedBytes >= lane.DoneBytes + segment.Progress.Lines)
        && segment.Progress.IsFinished;
}
