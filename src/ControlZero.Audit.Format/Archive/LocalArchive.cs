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
            .Select(file => (Path: Path.GetRelativePath(root, file.FullName).Replace('\\', '/'), Length: LengthOf(file)))
            .Where(file => file.Length >= 0)
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
        var full = Path.Combine(root, path);
        if (!File.Exists(full))
        {
            throw new FileNotFoundException($"there is no `{path}`", full);
        }

        var stream = new FileStream(
            full, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
        stream.Position = offset;
        return Task.FromResult<Stream>(stream);
    }

    // -1: sealed under another name, or dropped, since it was listed.
    private static long LengthOf(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return -1;
        }
    }
}
