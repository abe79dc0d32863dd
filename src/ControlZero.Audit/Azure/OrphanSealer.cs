using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using ControlZero.Audit.Format.Ledger;
using ControlZero.Audit.Format.Lines;
using ControlZero.Audit.Format.Segments;
using ControlZero.Audit.Ledger;

namespace ControlZero.Audit.Azure;

/// <summary>
/// Seals what a dead silo left open in a container. From then on its append position is another one, so a silo that was only taken for dead cannot go on: it reads
/// the end line, and is fenced off. What it had on its own disk alone it ships as a continuation when it is started again.
/// </summary>
/// <param name="container">Of the log.</param>
/// <param name="store">Of the ledger.</param>
/// <param name="key">Signs the ledger; null: unsigned.</param>
/// <param name="time">The clock.</param>
public sealed class OrphanSealer(BlobContainerClient container, ILedgerStore store, LedgerKey? key, TimeProvider time)
{
    // Each is lost to a block of the silo that was still being written.
    private const int Attempts = 5;

    /// <summary>Seals the open segments, of one day's folder, of all silos that are dead. Gives those it sealed.</summary>
    /// <param name="day">UTC.</param>
    /// <param name="isDead">Whether a generation of a silo will never write again, as far as the membership knows.</param>
    /// <param name="cancellationToken">Ends it between two segments.</param>
    public async Task<IReadOnlyList<SegmentId>> SealAsync(DateOnly day, Func<string, long, bool> isDead, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(isDead);
        var done = new List<SegmentId>();
        var ledger = new LedgerWriter(store, key);
        var options = new GetBlobsOptions { Prefix = $"{SegmentId.Folder}/date={day:yyyy-MM-dd}/" };
        await foreach (var item in container.GetBlobsAsync(options, cancellationToken))
        {
            if (SegmentId.TryParse(item.Name, out var id) && isDead(id.Silo, id.Generation) && await SealAsync(item.Name, cancellationToken) is { } record)
            {
                await ledger.AppendAsync(record, cancellationToken);
                done.Add(id);
            }
        }

        return done;
    }

    // Null: it has its end already, or nothing in it to end.
    private async Task<LedgerRecord?> SealAsync(string path, CancellationToken cancellationToken)
    {
        var blob = container.GetAppendBlobClient(path);
        for (var attempt = 1; ; attempt++)
        {
            var length = (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value.ContentLength;
            if (AppendBlobSink.LastOf(await BlobTail.ReadLastLineAsync(blob, length, cancellationToken)) is not null)
            {
                return null;
            }

            var segment = await ReadAsync(blob, length, cancellationToken);
            if (segment.Last < segment.Header.First)
            {
                return null;
            }

            var line = EndLine.Of(segment.Header.First, segment.Last, segment.Head, segment.HeaderHash, out var end);
            try
            {
                using var body = new MemoryStream(line, writable: false);
                await blob.AppendBlockAsync(
                    body,
                    new AppendBlobAppendBlockOptions { Conditions = new AppendBlobRequestConditions { IfAppendPositionEqual = length } },
                    cancellationToken);
                return new LedgerRecord
                {
                    Kind = LedgerRecord.Sealed,
                    Time = time.GetUtcNow(),
                    Silo = segment.Header.Id.Silo,
                    Generation = segment.Header.Id.Generation,
                    Segment = segment.Header.Id.Number,
                    First = segment.Header.First,
                    Last = segment.Last,
                    Head = segment.Head,
                    End = end,
                };
            }
            catch (RequestFailedException moved) when (moved.Status == 412 && attempt < Attempts)
            {
                // Its silo lives, or did a moment ago: what it has just appended belongs to the segment.
            }
        }
    }

    private static async Task<(SegmentHeader Header, ChainHash HeaderHash, long Last, ChainHash Head)> ReadAsync(
        AppendBlobClient blob, long length, CancellationToken cancellationToken)
    {
        var (header, headerHash, last, head, number) = (default(SegmentHeader), default(ChainHash), 0L, default(ChainHash), 0L);
        var content = await blob.DownloadStreamingAsync(new BlobDownloadOptions { Range = new HttpRange(0, length) }, cancellationToken);
        await using var stream = content.Value.Content;
        await LineReader.ReadAsync(
            stream,
            (bytes, isWhole) =>
            {
                if (!isWhole || !ChainedLine.TryParse(bytes, out var line) || (number++ == 0 && !SegmentHeader.TryParse(line.Content, out header)))
                {
                    throw new InvalidDataException($"blob `{blob.Name}` is no segment of a log; `cz audit verify` says more");
                }

                (headerHash, last, head) = number == 1 ? (line.Hash, header.First - 1, line.Previous) : (headerHash, line.Sequence, line.Hash);
            },
            null,
            cancellationToken);
        return (header, headerHash, last, head);
    }
}
