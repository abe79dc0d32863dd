using ControlZero.Audit.Format.Segments;
using ControlZero.Audit.Sinks;
using ControlZero.Audit.Wal;

namespace ControlZero.Audit.Log;

// Which WAL files are in use, and what becomes of them.
public sealed partial class AuditLog
{
    private readonly HashSet<WalSegment> _held = [];
    private readonly HashSet<SegmentId> _damaged = [];

    // Before the writer's thread begins.
    private void RecoverLosses()
    {
        if (AcceptedCount.Recover(_options.WalDirectory) is not { } lost)
        {
            _open.Add(SegmentLines.Gap(_time.GetUtcNow(), Crash, -1));
        }
        else if (lost > 0)
        {
            (_dropped, _lost, _dropReason, _ticked) = (lost, lost, Crash, true);
        }
    }

    // The first sink's word is enough for the ledger, which is one more reader of the file.
    void ILaneLog.SealedIn(WalSegment segment)
    {
        if (_ledger is null || !segment.TryRecord())
        {
            return;
        }

        if (segment.Progress.IsEmpty)
        {
            segment.Release();
        }
        else
        {
            _ledger.Sealed(segment);
        }
    }

    void ILaneLog.SealedElsewhere(WalSegment segment)
    {
        if (_ledger is not null && segment.TryRecord())
        {
            segment.Release();
        }
    }

    private void Released(WalSegment segment)
    {
        bool isDamaged;
        lock (_held)
        {
            _held.Remove(segment);
            isDamaged = _damaged.Contains(segment.Id);
        }

        try
        {
            if (isDamaged)
            {
                segment.File.Rename($"{segment.Id}.damaged");
                segment.File.Dispose();
            }
            else
            {
                _store.Return(segment.File);
            }
        }
        catch (IOException failure)
        {
            LogFileKept(failure, segment.Id.ToString());
        }
    }

    // What a sink did not take in time stays for the next start.
    private void LetGo()
    {
        lock (_held)
        {
            foreach (var segment in _held)
            {
                segment.File.Dispose();
            }

            _held.Clear();
        }
    }
}
