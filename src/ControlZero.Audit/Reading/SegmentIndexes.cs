using System.Collections.Concurrent;
using System.Globalization;
using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Format.Segments;

namespace ControlZero.Audit.Reading;

/// <summary>
/// The indexes of an archive's segments: from their files, or made by reading a segment, and read further as it grows. A sealed segment gets its file
/// the first time it is met. In a blob container a segment has its name from the beginning: there its end line says that it is sealed.
/// </summary>
/// <param name="archive">The log's files.</param>
/// <param name="root">Where index files are kept. Null: nowhere.</param>
/// <param name="time">Says which days' folders there can be.</param>
internal sealed class SegmentIndexes(IAuditArchive archive, string? root, TimeProvider time) : IDisposable
{
    // Of a longer time all folders are listed at once.
    private const int MostDays = 40;

    // A segment's first moment is in the hour of its folder, and it ends with it; what waits then is a matter of moments.
    private static readonly long FolderSlack = TimeSpan.FromHours(1.5).Ticks;

    private readonly ConcurrentDictionary<(SegmentId, long Length), IndexFile> _files = new();
    private readonly ConcurrentDictionary<SegmentId, Growing> _growing = new();

    /// <summary>The segments that may hold events of that time.</summary>
    public async Task<IReadOnlyList<IndexedSegment>> ListAsync(long from, long to, CancellationToken cancellationToken)
    {
        var segments = new Dictionary<SegmentId, IndexedSegment>();
        foreach (var folder in Folders(from, to))
        {
            await foreach (var file in archive.ListAsync(folder, cancellationToken))
            {
                if (SegmentId.TryParse(file.Path, out var id) && MayHold(file.Path, from, to))
                {
                    var segment = new IndexedSegment(id, file.Path, file.Length);
                    if (!segment.IsOpen || !segments.ContainsKey(id))
                    {
                        segments[id] = segment;
                    }
                }
            }
        }

        return [.. segments.Values];
    }

    /// <summary>The tenant's entries in a segment. Null: it has none.</summary>
    public async Task<TenantEntries?> FindAsync(IndexedSegment segment, string tenant, CancellationToken cancellationToken)
    {
        if (!segment.IsOpen && _files.TryGetValue((segment.Id, segment.Length), out var kept))
        {
            return kept.Find(tenant);
        }

        if (!segment.IsOpen && PathOf(segment) is { } path && IndexFile.TryOpen(path, segment.Length) is { } opened)
        {
            return Keep(segment, opened).Find(tenant);
        }

        var growing = _growing.GetOrAdd(segment.Id, static id => new Growing(id));
        var entries = await growing.FindAsync(segment, tenant, archive, cancellationToken);
        if (!segment.IsOpen && PathOf(segment) is { } file && growing.TryStore(file, segment.Length) && IndexFile.TryOpen(file, segment.Length) is { } stored)
        {
            Keep(segment, stored);
            _growing.TryRemove(segment.Id, out _);
        }

        return entries;
    }

    /// <summary>Makes the files that are missing.</summary>
    public async Task MakeAsync(CancellationToken cancellationToken)
    {
        foreach (var segment in (await ListAsync(0, long.MaxValue, cancellationToken)).Where(segment => !segment.IsOpen))
        {
            await FindAsync(segment, "", cancellationToken);
        }
    }

    /// <summary>How far each generation goes: its last event of any tenant that was indexed.</summary>
    public async Task<IReadOnlyList<EventPlace>> EndsAsync(CancellationToken cancellationToken)
    {
        var ends = new List<EventPlace>();
        foreach (var generation in (await ListAsync(0, long.MaxValue, cancellationToken)).GroupBy(segment => (segment.Id.Silo, segment.Id.Generation)))
        {
            var last = generation.MaxBy(segment => segment.Id.Number)!;
            ends.Add(new EventPlace(0, last.Id.Silo, last.Id.Generation, await LastAsync(last, cancellationToken)));
        }

        return ends;
    }

    public void Dispose()
    {
        foreach (var file in _files.Values)
        {
            file.Dispose();
        }

        foreach (var growing in _growing.Values)
        {
            growing.Dispose();
        }
    }

    // A log of years is not listed for the events of an hour.
    private IEnumerable<string> Folders(long from, long to)
    {
        var tomorrow = time.GetUtcNow().UtcDateTime.AddDays(1);
        var first = new DateTime(Math.Max(0, from - FolderSlack), DateTimeKind.Utc).Date;
        var last = to < tomorrow.Ticks ? new DateTime(Math.Max(0, to + FolderSlack), DateTimeKind.Utc).Date : tomorrow.Date;
        var days = (last - first).Days + 1;
        return days > MostDays
            ? [$"{SegmentId.Folder}/"]
            : Enumerable.Range(0, Math.Max(0, days)).Select(day => string.Create(CultureInfo.InvariantCulture, $"{SegmentId.Folder}/date={first.AddDays(day):yyyy-MM-dd}/"));
    }

    private static bool MayHold(string path, long from, long to)
    {
        // audit/date=2026-11-27/hour=12/…
        var parts = path.Split('/');
        return parts.Length < 4
            || !DateTime.TryParseExact(
                $"{parts[^3]} {parts[^2]}",
                "'date='yyyy-MM-dd 'hour='HH",
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out var hour)
            || (hour.Ticks - FolderSlack <= to && from <= hour.Ticks + TimeSpan.TicksPerHour + FolderSlack);
    }

    private async Task<long> LastAsync(IndexedSegment segment, CancellationToken cancellationToken)
    {
        const int Tail = 64 * 1024;
        var begin = Math.Max(0, segment.Length - Tail);
        var bytes = new byte[segment.Length - begin];
        await using var file = await archive.OpenAsync(segment.Path, begin, cancellationToken);
        var read = await file.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
        var last = 0L;
        foreach (var range in Lines(bytes.AsSpan(0, read)))
        {
            if (Format.Lines.ChainedLine.TryParse(bytes.AsSpan(range), out var line))
            {
                last = Math.Max(last, line.Sequence);
            }
        }

        return last;
    }

    private static List<Range> Lines(ReadOnlySpan<byte> bytes)
    {
        var lines = new List<Range>();
        for (var begin = 0; bytes[begin..].IndexOf((byte)'\n') is var length and >= 0; begin += length + 1)
        {
            lines.Add(begin..(begin + length));
        }

        return lines;
    }

    private IndexFile Keep(IndexedSegment segment, IndexFile opened)
    {
        var kept = _files.GetOrAdd((segment.Id, segment.Length), opened);
        if (!ReferenceEquals(kept, opened))
        {
            opened.Dispose();
        }

        return kept;
    }

    private string? PathOf(IndexedSegment segment) =>
        root is null ? null : Path.Combine(root, segment.SealedPath[..^SegmentId.Extension.Length] + IndexFile.Extension);

    private sealed class Growing(SegmentId id) : IDisposable
    {
        private readonly SemaphoreSlim _reading = new(1);
        private SegmentIndex _index = new(id);

        public void Dispose() => _reading.Dispose();

        public async Task<TenantEntries?> FindAsync(IndexedSegment segment, string tenant, IAuditArchive archive, CancellationToken cancellationToken)
        {
            await _reading.WaitAsync(cancellationToken);
            try
            {
                // Shorter than it was: retention has dropped its bodies.
                _index = _index.Length > segment.Length && !segment.IsOpen ? new SegmentIndex(id) : _index;
                if (_index.Length < segment.Length)
                {
                    await using var lines = await OpenAsync(segment, archive, cancellationToken);
                    await _index.ReadOnAsync(lines, cancellationToken);
                }

                return _index.Tenants.TryGetValue(tenant, out var entries) ? entries.Snapshot() : null;
            }
            finally
            {
                _reading.Release();
            }
        }

        public bool TryStore(string path, long length)
        {
            if (_index.Length != length || !_index.IsEnded)
            {
                return false;
            }

            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            IndexFile.Write(path, _index);
            return true;
        }

        private async Task<Stream> OpenAsync(IndexedSegment segment, IAuditArchive archive, CancellationToken cancellationToken)
        {
            try
            {
                return await archive.OpenAsync(segment.Path, _index.Length, cancellationToken);
            }
            catch (FileNotFoundException) when (segment.IsOpen)
            {
                return await archive.OpenAsync(segment.SealedPath, _index.Length, cancellationToken);
            }
        }
    }
}
