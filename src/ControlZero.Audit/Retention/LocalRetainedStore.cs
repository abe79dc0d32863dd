using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Wal;

namespace ControlZero.Audit.Retention;

/// <summary>Segments below a directory.</summary>
/// <param name="root">The log's root.</param>
public sealed class LocalRetainedStore(string root) : IRetainedStore
{
    // Not a segment's ending: a crash leaves nothing that a reader would take for one.
    private const string Suffix = ".reducing";

    /// <inheritdoc/>
    public IAuditArchive Archive { get; } = new LocalArchive(root);

    /// <inheritdoc/>
    public async Task ReplaceAsync(string path, Func<Stream, Task> write, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(write);
        var full = Path.Combine(root, path);
        await using (var stream = new FileStream(full + Suffix, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            await write(stream);
            stream.Flush(flushToDisk: true);
        }

        File.Move(full + Suffix, full, overwrite: true);
        DiskFlush.Folder(Path.GetDirectoryName(full)!);
    }
}
