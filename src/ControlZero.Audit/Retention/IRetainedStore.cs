using ControlZero.Audit.Format.Archive;

namespace ControlZero.Audit.Retention;

/// <summary>Sealed segments whose bodies may be dropped.</summary>
public interface IRetainedStore
{
    /// <summary>The log's files.</summary>
    IAuditArchive Archive { get; }

    /// <summary>Puts a smaller version in a file's place, all of it or nothing, durable when it returns. The old one may be read to its end meanwhile.</summary>
    Task ReplaceAsync(string path, Func<Stream, Task> write, CancellationToken cancellationToken);
}
