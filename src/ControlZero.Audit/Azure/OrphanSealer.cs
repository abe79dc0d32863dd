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

    // Their end was seen. A segment that has it never changes again, but to lose its bodies.
    private readonly HashSet<string> _ended = [];

    /// <summary>Seals the open segments, of one day's folder, of all silos that are dead. Gives those it sealed. One call at a time.</summary>
    /// <param name="day">UTC. Null: of all days there are.</param>
    /// <param name="isDead">Whether the generation that wrote a segment will never write again, as far as the membership knows.</param>
    /// <param name="cancellationToken">Ends it between two segments.</param>
    /// <exception cref="InvalidDataException">One was no segment of a log, and is left as it is. All others were seen to.</exception>
    public async Task<IReadOnlyList<SegmentId>> SealAsync(DateOnly? day, Func<OpenSegment, bool> isDead, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(isDead);
        var (done, damaged) = (new List<SegmentId>(), (InvalidDataException?)null);
        var ledger = new LedgerWriter(store, key);
        foreach (var (path, segment) in await FindAsync(day, cancellationToken))
        {
            if (!isDead(segment))
            {
                continue;
            }

            try
            {
                if (await SealAsync(path, cancellationToken) is { } record)
                {
                    await ledger.AppendAsync(record, cancellationToken);
                    done.Add(segment.Id);
                }
            }
            catch (InvalidDataException broken)
            {
                // Said once, and nobody else's segment waits for it.
                damaged ??= broken;
            }

            _ended.Add(path);
        }

        return damaged is null ? done : throw damaged;
    }

    private async Task<IReadOnlyList<(string Path, OpenSegment Segment)>> FindAsync(DateOnly? day, CancellationToken cancellationToken)
    {
        var found = new List<(string Path, OpenSegment Segment)>();
        var options = new GetBlobsOptions { Prefix = day is null ? $"{SegmentId.Folder}/" : $"{SegmentId.Folder}/date={day:yyyy-MM-dd}/" };
        await foreach (var item in container.GetBlobsAsync(options, cancellationToken))
        {
            // One whose bodies were dropped is a block blob, and was sealed before.
            if (item.Properties.BlobType == BlobType.Append && !_ended.Contains(item.Name) && SegmentId.TryParse(item.Name, out var id))
            {
                found.Add((item.Name, new OpenSegment(id, item.Properties.LastModified ?? default, IsLatest: true)));
            }
        }

        var latest = found.GroupBy(each => each.Segment.Id.Silo).ToDictionary(silo => silo.Key, silo => silo.Max(each => each.Segment.Id.Generation));
        return [.. found.Select(each => (each.Path, each.Segment with { IsLatest = each.Segment.Id.Generation == latest[each.Segment.Id.Silo] }))];
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

/// <summary>A segment that may have no end yet.</summary>
/// <param name="Id">Which one.</param>
/// <param name="LastWritten">When its blob was changed last, by the service's clock.</param>
/// <param name="IsLatest">Whether no later generation of its silo was found.</param>
public readonly record struct OpenSegment(SegmentId Id, DateTimeOffset LastWritten, bool IsLatest);
