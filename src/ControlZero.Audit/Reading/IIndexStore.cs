namespace ControlZero.Audit.Reading;

/// <summary>Keeps indexes beside their segments, where every reader of the log finds them.</summary>
public interface IIndexStore
{
    /// <summary>Puts an index there, in place of one that may be there: all of it or nothing.</summary>
    /// <param name="path">Its path below the log's root.</param>
    /// <param name="index">All of it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="IOException">It is not there.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be put there.</exception>
    Task WriteAsync(string path, ReadOnlyMemory<byte> index, CancellationToken cancellationToken);
}
