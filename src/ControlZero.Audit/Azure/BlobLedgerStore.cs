using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using ControlZero.Audit.Format.Ledger;
using ControlZero.Audit.Ledger;

namespace ControlZero.Audit.Azure;

/// <summary>
/// The ledger as append blobs. The append position is the compare-and-swap: a record's number decides its blob, so two writers that know the same tip append at the
/// same place, and one of them is refused.
/// </summary>
/// <param name="container">Made when it is missing.</param>
public sealed class BlobLedgerStore(BlobContainerClient container) : ILedgerStore
{
    private (LedgerTip Tip, long Length)? _known;

    /// <inheritdoc/>
    public async Task<LedgerTip> ReadTipAsync(CancellationToken cancellationToken)
    {
        await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        var (tip, length) = (default(LedgerTip), 0L);
        await foreach (var item in container.GetBlobsAsync(new GetBlobsOptions { Prefix = $"{LedgerRecord.Folder}/" }, cancellationToken))
        {
            // In order of their names. The last one is empty when its maker died before the first append.
            if (item.Properties.ContentLength is not ({ } bytes and > 0))
            {
                continue;
            }

            var last = await BlobTail.ReadLastLineAsync(container.GetAppendBlobClient(item.Name), bytes, cancellationToken);
            if (!LedgerLine.TryParse(last, out var line) || !LedgerRecord.TryParse(line.Content, out var sequence, out _))
            {
                throw new InvalidDataException($"the last line of blob `{item.Name}` is no record of a ledger; `cz audit verify` says more");
            }

            tip = new LedgerTip(sequence + 1, line.Hash);
            length = tip.Count % LedgerRecord.RecordsPerFile == 0 ? 0 : bytes;
        }

        _known = (tip, length);
        return tip;
    }

    /// <inheritdoc/>
    public async Task<bool> TryAppendAsync(LedgerTip tip, ReadOnlyMemory<byte> line, CancellationToken cancellationToken)
    {
        if (_known is not { } known || known.Tip != tip)
        {
            return false;
        }

        _known = null;
        var blob = container.GetAppendBlobClient(LedgerRecord.PathOf(tip.Count));
        try
        {
            if (known.Length == 0)
            {
                await blob.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            }

            using var body = new MemoryStream(line.ToArray(), writable: false);
            await blob.AppendBlockAsync(
                body,
                new AppendBlobAppendBlockOptions { Conditions = new AppendBlobRequestConditions { IfAppendPositionEqual = known.Length } },
                cancellationToken);
        }
        catch (RequestFailedException refused) when (refused.Status == 412)
        {
            return false;
        }

        if (LedgerLine.TryParse(line.Span[..^1], out var written))
        {
            var count = tip.Count + 1;
            _known = (new LedgerTip(count, written.Hash), count % LedgerRecord.RecordsPerFile == 0 ? 0 : known.Length + line.Length);
        }

        return true;
    }
}
