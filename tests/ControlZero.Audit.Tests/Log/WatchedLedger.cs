using System.Text;
using ControlZero.Audit.Format.Ledger;
using ControlZero.Audit.Ledger;
using ControlZero.Audit.Tests.Wal;
using ControlZero.Audit.Wal;

namespace ControlZero.Audit.Tests.Log;

/// <summary>A ledger in memory that looks, at each checkpoint, whether the disk would still have what it says after a crash now.</summary>
internal sealed class WatchedLedger(ForgetfulDisk disk) : ILedgerStore, IDisposable
{
    private LedgerTip _tip;

    /// <summary>Released at each checkpoint.</summary>
    public SemaphoreSlim Checkpoints { get; } = new(0);

    public List<string> Untrue { get; } = [];

    public void Dispose() => Checkpoints.Dispose();

    public Task<LedgerTip> ReadTipAsync(CancellationToken cancellationToken) => Task.FromResult(_tip);

    public Task<bool> TryAppendAsync(LedgerTip tip, ReadOnlyMemory<byte> line, CancellationToken cancellationToken)
    {
        Assert.True(LedgerLine.TryParse(line.Span[..^1], out var parsed));
        Assert.True(LedgerRecord.TryParse(parsed.Content, out _, out var record));
        if (record!.Kind == LedgerRecord.Checkpoint)
        {
            var kept = WalRecovery.Run(disk.Crash()).Max(segment => segment.Progress.Last);
            if (kept < record.Last)
            {
                Untrue.Add($"the disk has {kept}, and the ledger says {Encoding.UTF8.GetString(parsed.Content)}");
            }

            Checkpoints.Release();
        }

        _tip = new LedgerTip(tip.Count + 1, parsed.Hash);
        return Task.FromResult(true);
    }
}
