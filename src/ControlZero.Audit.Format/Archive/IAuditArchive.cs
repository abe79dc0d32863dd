namespace ControlZero.Audit.Format.Archive;

/// <summary>The files of a log, wherever they are kept, for reading. Paths are relative to the log's root, with <c>/</c>.</summary>
public interface IAuditArchive
{
    /// <summary>All files below a folder (<c>audit/date=2026-11-27/</c>), in the order of their paths.</summary>
    IAsyncEnumerable<ArchiveFile> ListAsync(string folder, CancellationToken cancellationToken);

    /// <summary>Opens a file from <paramref name="offset"/> on.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    Task<Stream> OpenAsync(string path, long offset, CancellationToken cancellationToken);

    /// <summary>Of two lines with no more than this between them it is cheaper to read all than to ask twice. Unit: bytes. Default: 0.</summary>
    int CheapGap => 0;

    /// <summary>Reads exactly these bytes and no others: where each reading has a price, a line costs a line.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="EndOfStreamException">The file ends before.</exception>
    async Task ReadAsync(string path, long offset, Memory<byte> bytes, CancellationToken cancellationToken)
    {
        await using var stream = await OpenAsync(path, offset, cancellationToken);
        await stream.ReadExactlyAsync(bytes, cancellationToken);
    }
}

/// <summary>A file of a log.</summary>
/// <param name="Path">Relative to the log's root.</param>
/// <param name="Length">In bytes, when it was listed. An open segment grows.</param>
public readonly record struct ArchiveFile(string Path, long Length);
