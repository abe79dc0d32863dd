using System.Runtime.CompilerServices;

namespace ControlZero.Audit.Format.Archive;

/// <summary>A log below a directory.</summary>
/// <param name="root">The directory that holds <c>audit</c> and <c>ledger</c>.</param>
public sealed class LocalArchive(string root) : IAuditArchive
{
    /// <inheritdoc/>
    public async IAsyncEnumerable<ArchiveFile> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var below = new DirectoryInfo(Path.Combine(root, folder));
        if (!below.Exists)
        {
            yield break;
        }

        await Task.CompletedTask;
        var files = below.EnumerateFiles("*", SearchOption.AllDirectories)
            .Select(file => (Path: Path.GetRelativePath(root, file.FullName).Replace('\\', '/'), file.Length))
            .OrderBy(file => file.Path, StringComparer.Ordinal);
        foreach (var (path, length) in files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new ArchiveFile(path, length);
        }
    }

    /// <inheritdoc/>
    public Task<Stream> OpenAsync(string path, long offset, CancellationToken cancellationToken)
    {
        var stream = new FileStream(
            Path.Combine(root, path), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
        stream.Position = offset;
        return Task.FromResult<Stream>(stream);
    }
}
