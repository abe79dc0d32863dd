using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Reading;

namespace ControlZero.Audit.Tests.Reading;

/// <summary>An archive that counts what is opened, and a store that may refuse.</summary>
internal sealed class WatchedArchive(IAuditArchive archive, IIndexStore store) : IAuditArchive, IIndexStore
{
    private int _segmentsOpened;
    private int _written;

    /// <summary>Segments that were read through, as one is that has no index.</summary>
    public int SegmentsOpened => _segmentsOpened;

    /// <summary>Indexes that were put there.</summary>
    public int Written => _written;

    /// <summary>Whether indexes may be put there.</summary>
    public bool Refuses { get; set; }

    public int CheapGap => archive.CheapGap;

    public IAsyncEnumerable<ArchiveFile> ListAsync(string folder, CancellationToken cancellationToken) => archive.ListAsync(folder, cancellationToken);

    public Task<Stream> OpenAsync(string path, long offset, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _segmentsOpened);
        return archive.OpenAsync(path, offset, cancellationToken);
    }

    public Task ReadAsync(string path, long offset, Memory<byte> bytes, CancellationToken cancellationToken) => archive.ReadAsync(path, offset, bytes, cancellationToken);

    public async Task WriteAsync(string path, ReadOnlyMemory<byte> index, CancellationToken cancellationToken)
    {
        await (Refuses ? throw new IOException("no room") : store.WriteAsync(path, index, cancellationToken));
        Interlocked.Increment(ref _written);
    }
}
