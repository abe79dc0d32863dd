namespace ControlZero.Audit.Reading;

/// <summary>Indexes below a directory. They are not flushed: what a power cut leaves of one is found by its digest, and made again.</summary>
/// <param name="root">The log's root.</param>
public sealed class LocalIndexStore(string root) : IIndexStore
{
    /// <inheritdoc/>
    public Task WriteAsync(string path, ReadOnlyMemory<byte> index, CancellationToken cancellationToken)
    {
        var full = Path.Combine(root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);

        // A name of its own: two readers may make the same index at once.
        var unfinished = $"{full}.{Guid.NewGuid():N}.new";
        using (var file = File.OpenHandle(unfinished, FileMode.CreateNew, FileAccess.Write))
        {
            RandomAccess.Write(file, index.Span, 0);
        }

        File.Move(unfinished, full, overwrite: true);
        return Task.CompletedTask;
    }
}
