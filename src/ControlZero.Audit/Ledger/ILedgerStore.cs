using ControlZero.Audit.Format.Lines;

namespace ControlZero.Audit.Ledger;

/// <summary>Where the ledger is kept: an append is taken only on the tip its writer knew. All silos of a cluster share one.</summary>
public interface ILedgerStore
{
    /// <summary>How far the ledger is.</summary>
    Task<LedgerTip> ReadTipAsync(CancellationToken cancellationToken);

    /// <summary>Appends a line with its line feed, durable when it returns; false, and nothing is changed, when the tip is another one by now.</summary>
    Task<bool> TryAppendAsync(LedgerTip tip, ReadOnlyMemory<byte> line, CancellationToken cancellationToken);
}

/// <summary>The end of the ledger.</summary>
/// <param name="Count">Records in it.</param>
/// <param name="Hash">Of the last one; zeros when there is none.</param>
public readonly record struct LedgerTip(long Count, ChainHash Hash);
