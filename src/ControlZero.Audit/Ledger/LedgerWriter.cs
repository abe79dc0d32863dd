using ControlZero.Audit.Format.Ledger;

namespace ControlZero.Audit.Ledger;

/// <summary>Appends records to a ledger that others append to as well.</summary>
/// <param name="store">Where it is kept.</param>
/// <param name="key">Signs; null: unsigned.</param>
internal sealed class LedgerWriter(ILedgerStore store, LedgerKey? key)
{
    private LedgerTip? _tip;

    /// <summary>
    /// Appends one record. When it throws the record may be in or not; appended again it is there twice, which says nothing new.
    /// </summary>
    public async Task AppendAsync(LedgerRecord record, CancellationToken cancellationToken)
    {
        while (true)
        {
            var tip = _tip ?? await store.ReadTipAsync(cancellationToken);
            _tip = null;
            var line = LedgerLine.Write(tip.Hash, record.ToContent(tip.Count), key, out var hash);
            if (await store.TryAppendAsync(tip, line, cancellationToken))
            {
                _tip = new LedgerTip(tip.Count + 1, hash);
                return;
            }
        }
    }
}
