using System.Text;
using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Format.Ledger;
using ControlZero.Audit.Format.Lines;
using ControlZero.Audit.Format.Segments;
using ControlZero.Audit.Ledger;

namespace ControlZero.Audit.Retention;

/// <summary>
/// Drops the bodies of old events and keeps their hashes, so that the log verifies as before. The ledger is told first: a body that is gone without the ledger
/// saying so is a finding.
/// </summary>
/// <param name="store">The segments.</param>
/// <param name="ledger">The ledger.</param>
/// <param name="key">Signs the ledger; null: unsigned.</param>
/// <param name="time">The clock.</param>
public sealed class RetentionKeeper(IRetainedStore store, ILedgerStore ledger, LedgerKey? key, TimeProvider time)
{
    private readonly LedgerWriter _ledger = new(ledger, key);

    /// <summary>Does what is due now. Open segments are left alone; one that is reduced already costs the reading of its second line.</summary>
    /// <returns>Segments that lost their bodies.</returns>
    public async Task<IReadOnlyList<SegmentId>> ApplyAsync(RetentionOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var segments = new List<(ArchiveFile File, SegmentId Id, DateTimeOffset Created, bool IsReduced)>();
        await foreach (var file in store.Archive.ListAsync($"{SegmentId.Folder}/", cancellationToken))
        {
            if (SegmentId.TryParse(file.Path, out var id) && await LookAsync(file, cancellationToken) is { } seen)
            {
                segments.Add((file, id, seen.Created, seen.IsReduced));
            }
        }

        var (done, total) = (new List<SegmentId>(), segments.Sum(segment => segment.File.Length));
        foreach (var (file, id, created, _) in segments.Where(segment => !segment.IsReduced).OrderBy(segment => segment.Created))
        {
            var isOld = options.Age is { } age && time.GetUtcNow() - created > age;
            if (!isOld && !(total > options.Bytes))
            {
                continue;
            }

            total -= await ReduceAsync(file, id, isOld ? "age" : "size", cancellationToken);
            done.Add(id);
        }

        return done;
    }

    // Null: still open, or not a segment. What its first two lines say.
    private async Task<(DateTimeOffset Created, bool IsReduced)?> LookAsync(ArchiveFile file, CancellationToken cancellationToken)
    {
        if (!await IsSealedAsync(file, cancellationToken))
        {
            return null;
        }

        using var reader = new StreamReader(await store.Archive.OpenAsync(file.Path, 0, cancellationToken));
        if (ReadHeader(await reader.ReadLineAsync(cancellationToken)) is not { } header)
        {
            return null;
        }

        // Gaps have no body and are never reduced: the first event says it.
        bool? isReduced;
        while ((isReduced = IsReduced(await reader.ReadLineAsync(cancellationToken))) is null)
        {
        }

        return (header.Created, isReduced.Value);
    }

    private static SegmentHeader? ReadHeader(string? text) =>
        ChainedLine.TryParse(Encoding.UTF8.GetBytes(text ?? ""), out var line) && SegmentHeader.TryParse(line.Content, out var header) ? header : null;

    // Null: a gap, which does not tell.
    private static bool? IsReduced(string? text)
    {
        if (!ChainedLine.TryParse(Encoding.UTF8.GetBytes(text ?? ""), out var line) || line.Content.StartsWith("\"kind\":\"end\","u8))
        {
            return true;
        }

        return line.IsReduced || EventContent.TryReadTenant(line.Content, out _) ? line.IsReduced : null;
    }

    private async Task<bool> IsSealedAsync(ArchiveFile file, CancellationToken cancellationToken)
    {
        const int EndLineBytes = 512;
        if (file.Path.EndsWith(SegmentId.OpenSuffix, StringComparison.Ordinal))
        {
            return false;
        }

        using var tail = new MemoryStream();
        await using var stream = await store.Archive.OpenAsync(file.Path, Math.Max(0, file.Length - EndLineBytes), cancellationToken);
        await stream.CopyToAsync(tail, cancellationToken);
        var bytes = tail.GetBuffer().AsSpan(0, (int)tail.Length);
        return bytes.Length > 1 && bytes[^1] == '\n'
            && ChainedLine.TryParse(bytes[(bytes[..^1].LastIndexOf((byte)'\n') + 1)..^1], out var line)
            && EndLine.TryParse(line.Content, out _);
    }

    private async Task<long> ReduceAsync(ArchiveFile file, SegmentId id, string reason, CancellationToken cancellationToken)
    {
        await _ledger.AppendAsync(
            new LedgerRecord
            {
                Kind = LedgerRecord.Reduced,
                Time = time.GetUtcNow(),
                Silo = id.Silo,
                Generation = id.Generation,
                Segment = id.Number,
                Reason = reason,
            },
            cancellationToken);
        var bytes = 0L;
        await store.ReplaceAsync(
            file.Path,
            async to =>
            {
                await using var from = await store.Archive.OpenAsync(file.Path, 0, cancellationToken);
                await SegmentReducer.ReduceAsync(from, to, keep: null, cancellationToken);
                bytes = to.Length;
            },
            cancellationToken);
        return file.Length - bytes;
    }
}
