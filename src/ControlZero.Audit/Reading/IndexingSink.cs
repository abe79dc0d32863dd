using ControlZero.Audit.Format.Segments;
using ControlZero.Audit.Sinks;

namespace ControlZero.Audit.Reading;

/// <summary>
/// Makes a segment's index of the lines on their way to the sink, and puts it beside the segment when that is sealed, so that nobody reads the segment through
/// for it. A segment that was begun before, or an index that is refused, is left to <see cref="AuditReader.IndexAsync"/>.
/// </summary>
/// <param name="sink">Where segments go.</param>
/// <param name="store">Where indexes go: beside those segments.</param>
/// <param name="seal">Signs them.</param>
public sealed class IndexingSink(IAuditSink sink, IIndexStore store, IndexSeal seal) : IAuditSink
{
    /// <inheritdoc/>
    public string Name => sink.Name;

    /// <inheritdoc/>
    public TimeSpan Linger => sink.Linger;

    /// <inheritdoc/>
    public async Task<ISinkSegment> OpenAsync(SegmentId id, string path, CancellationToken cancellationToken)
    {
        var segment = await sink.OpenAsync(id, path, cancellationToken);
        return segment.Length > 0 || segment.IsSealed
            ? segment
            : new IndexedSinkSegment(segment, new SegmentIndex(id), (index, ending) => KeepAsync(new IndexedSegment(id, path, index.Length), index, ending));
    }

    // Sealed it is already, and a query does without an index: nothing that fails here is the sink's failure.
    private async Task KeepAsync(IndexedSegment segment, SegmentIndex index, CancellationToken cancellationToken)
    {
        try
        {
            await store.WriteAsync(segment.IndexPath, IndexFile.Write(index, seal), cancellationToken);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
        }
    }

    private sealed class IndexedSinkSegment(ISinkSegment segment, SegmentIndex index, Func<SegmentIndex, CancellationToken, Task> keep) : ISinkSegment
    {
        public long Length => segment.Length;

        public bool IsSealed => segment.IsSealed;

        public long Last => segment.Last;

        public bool IsNearlyFull => segment.IsNearlyFull;

        public async Task AppendAsync(long offset, ReadOnlyMemory<byte> lines, CancellationToken cancellationToken)
        {
            await segment.AppendAsync(offset, lines, cancellationToken);
            index.Take(lines.Span);
        }

        public async Task SealAsync(ReadOnlyMemory<byte> end, CancellationToken cancellationToken)
        {
            await segment.SealAsync(end, cancellationToken);
            index.Take(end.Span);
            await keep(index, cancellationToken);
        }

        public ValueTask DisposeAsync() => segment.DisposeAsync();
    }
}
