using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Format.Lines;
using ControlZero.Audit.Format.Segments;

namespace ControlZero.Audit.Format.Verification;

/// <summary>
/// Checks a log from its files alone: the ledger, then each generation's segments in order, record by record. Streams: memory does not grow with the log.
/// </summary>
public sealed class LogVerifier
{
    private readonly IAuditArchive _archive;
    private readonly VerifyOptions _options;
    private readonly TimeProvider _time;
    private readonly Findings _findings;
    private readonly LedgerBook _ledger;
    private int _segments;
    private long _records;
    private long _reduced;
    private long _lost;
    private long _uncovered;
    private long _bytes;

    private LogVerifier(IAuditArchive archive, VerifyOptions options, TimeProvider time)
    {
        (_archive, _options, _time) = (archive, options, time);
        _findings = new Findings(options.MostFindings);
        _ledger = new LedgerBook(options, _findings);
    }

    /// <summary>Verifies a log.</summary>
    /// <param name="archive">Its files.</param>
    /// <param name="options">Against what.</param>
    /// <param name="time">For the speed.</param>
    /// <param name="progress">Told after each block.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static Task<VerifyReport> VerifyAsync(
        IAuditArchive archive, VerifyOptions options, TimeProvider time, IProgress<VerifyProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(archive);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        return new LogVerifier(archive, options, time).RunAsync(progress, cancellationToken);
    }

    private async Task<VerifyReport> RunAsync(IProgress<VerifyProgress>? progress, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        await _ledger.ReadAsync(_archive, cancellationToken);
        var files = await FindAsync(cancellationToken);
        var total = files.Sum(file => file.File.Length);
        foreach (var generation in files.GroupBy(file => (file.Id.Silo, file.Id.Generation)))
        {
            await WalkAsync(generation.Key, generation, total, progress, cancellationToken);
        }

        FindMissing([.. files.Select(file => (file.Id.Silo, file.Id.Generation))]);
        return new VerifyReport
        {
            Findings = _findings.Listed,
            FindingCount = _findings.Count,
            Segments = _segments,
            Records = _records,
            Reduced = _reduced,
            Lost = _lost,
            Uncovered = _uncovered,
            LedgerRecords = _ledger.Records,
            Checkpoints = _ledger.Checkpoints,
            SignedCheckpoints = _ledger.SignedCheckpoints,
            Unsigned = _ledger.Unsigned,
            LedgerHead = _ledger.Head.ToString(),
            Bytes = _bytes + _ledger.Bytes,
            Elapsed = _time.GetElapsedTime(began),
        };
    }

    // In the order of the chain: a segment that was sealed by another silo may be continued in one with a later number.
    private async Task<IReadOnlyList<(ArchiveFile File, SegmentId Id)>> FindAsync(CancellationToken cancellationToken)
    {
        var found = new List<(ArchiveFile File, SegmentId Id, long First)>();
        await foreach (var file in _archive.ListAsync($"{SegmentId.Folder}/", cancellationToken))
        {
            if (SegmentId.TryParse(file.Path, out var id))
            {
                found.Add((file, id, await ReadFirstAsync(file.Path, cancellationToken)));
            }
            else if (file.Path.EndsWith(SegmentId.Extension, StringComparison.Ordinal))
            {
                _findings.Add(file.Path, 0, FindingCode.FileUnknown, "has no segment's name");
            }
        }

        return [.. found.OrderBy(file => (file.Id.Silo, file.Id.Generation, file.First, file.Id.Number)).Select(file => (file.File, file.Id))];
    }

    private async Task<long> ReadFirstAsync(string path, CancellationToken cancellationToken)
    {
        var buffer = new byte[1024];
        await using var stream = await OpenAsync(path, cancellationToken);
        var read = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        var end = buffer.AsSpan(0, read).IndexOf((byte)'\n');
        return end > 0 && ChainedLine.TryParse(buffer.AsSpan(0, end), out var line) && SegmentHeader.TryParse(line.Content, out var header)
            ? header.First
            : long.MaxValue;
    }

    // Sealed, and thereby renamed, since it was listed.
    private async Task<Stream> OpenAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await _archive.OpenAsync(path, 0, cancellationToken);
        }
        catch (FileNotFoundException) when (path.EndsWith(SegmentId.OpenSuffix, StringComparison.Ordinal))
        {
            return await _archive.OpenAsync(path[..^SegmentId.OpenSuffix.Length], 0, cancellationToken);
        }
    }

    private async Task WalkAsync(
        (string Silo, long Generation) key,
        IEnumerable<(ArchiveFile File, SegmentId Id)> files,
        long total,
        IProgress<VerifyProgress>? progress,
        CancellationToken cancellationToken)
    {
        var book = _ledger.Find(key.Silo, key.Generation);
        var (last, head) = (0L, ChainHash.Genesis(key.Silo, key.Generation));
        var seen = new HashSet<int>();
        foreach (var (file, id) in files)
        {
            if (!seen.Add(id.Number))
            {
                _findings.Add(file.Path, 0, FindingCode.ChainBroken, $"segment {id} is there twice");
            }

            if (book is null)
            {
                _findings.Add(
                    file.Path,
                    0,
                    FindingCode.FileUnknown,
                    $"the ledger knows nothing of generation {key.Generation} of silo {key.Silo}: it is another log's, or the ledger lost it");
            }

            var walk = new SegmentWalk(file.Path, id, book, _options, _findings);
            walk.Begin(last, head);
            await using var stream = await OpenAsync(file.Path, cancellationToken);
            await LineReader.ReadAsync(
                stream,
                walk.Visit,
                read =>
                {
                    _bytes += read;
                    progress?.Report(new VerifyProgress(_bytes, total, file.Path));
                },
                cancellationToken);
            (last, head) = (walk.Last, walk.Head);
            Compare(file.Path, id, walk, book);
            _segments++;
            _records += walk.Records;
            _reduced += walk.Reduced;
            _lost = walk.Lost < 0 || _lost < 0 ? -1 : _lost + walk.Lost;
        }

        FindCut(key, last, seen, book);
        _uncovered += Math.Max(0, last - (book?.LastCovered ?? 0));
    }

    private void Compare(string file, SegmentId id, SegmentWalk walk, GenerationBook? book)
    {
        if (book is null || !book.Sealed.TryGetValue(id.Number, out var sealedAs))
        {
            if (walk.End is null && file.EndsWith(SegmentId.Extension, StringComparison.Ordinal) && walk.Records == 0)
            {
                _findings.Add(file, 0, FindingCode.SegmentChanged, "holds no record");
            }

            return;
        }

        if (walk.End is null)
        {
            _findings.Add(file, 0, FindingCode.SegmentChanged, $"has no end line, and the ledger says that it was sealed with record {sealedAs.Last}");
        }
        else if (walk.End != sealedAs.End || walk.First != sealedAs.First || walk.Last != sealedAs.Last)
        {
            _findings.Add(file, 0, FindingCode.SegmentChanged, $"is not the segment the ledger says was sealed with records {sealedAs.First} to {sealedAs.Last}");
        }
    }

    private void FindCut((string Silo, long Generation) key, long last, HashSet<int> seen, GenerationBook? book)
    {
        if (book is null || _options.ExportOf is not null)
        {
            return;
        }

        foreach (var (number, sealedAs) in book.Sealed.Where(segment => !seen.Contains(segment.Key)))
        {
            _findings.Add($"{new SegmentId(key.Silo, key.Generation, number)}", 0, FindingCode.SegmentMissing, $"is missing, with records {sealedAs.First} to {sealedAs.Last}");
        }

        if (book.LastCovered > last)
        {
            _findings.Add(
                $"{key.Silo}-{key.Generation}", 0, FindingCode.LogCut, $"ends with record {last}; the ledger has a checkpoint of record {book.LastCovered}", last);
        }
    }

    private void FindMissing(HashSet<(string Silo, long Generation)> found)
    {
        foreach (var (key, book) in _ledger.Generations.Where(generation => !found.Contains(generation.Key)))
        {
            FindCut(key, 0, [], book);
        }
    }
}
