using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Format.Segments;

namespace ControlZero.Audit.Reading;

/// <summary>The index of a segment that is still written, or has no index beside it: made by reading its lines, and further as it grows.</summary>
internal sealed class GrowingIndex(SegmentId id) : IDisposable
{
    private readonly SemaphoreSlim _reading = new(1);
    private SegmentIndex _index = new(id);

    public void Dispose() => _reading.Dispose();

    /// <summary>Reads what there is. Gives the tenant's entries, null when it has none; and all of it as a file when the segment has its end.</summary>
    public async Task<(TenantEntries? Entries, byte[]? File)> ReadAsync(
        IndexedSegment segment, string tenant, IAuditArchive archive, IndexSeal seal, CancellationToken cancellationToken)
    {
        await _reading.WaitAsync(cancellationToken);
        try
        {
            // Shorter than when it had its end: retention has dropped its bodies. Before its end it was only listed earlier than it was read.
            _index = _index.IsEnded && _index.Length > segment.Length && !segment.IsOpen ? new SegmentIndex(id) : _index;
            if (_index.Length < segment.Length)
            {
                await using var lines = await OpenAsync(segment, archive, cancellationToken);
                await _index.ReadOnAsync(lines, cancellationToken);
            }

            return (
                _index.Tenants.TryGetValue(tenant, out var entries) ? entries.Snapshot() : null,
                !segment.IsOpen && _index.IsEnded && _index.Length == segment.Length ? IndexFile.Write(_index, seal) : null);
        }
        finally
        {
            _reading.Release();
        }
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
