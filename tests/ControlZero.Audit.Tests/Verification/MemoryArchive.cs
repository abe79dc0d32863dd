using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Reading;

namespace ControlZero.Audit.Tests.Verification;

/// <summary>A log's files in memory, to be changed.</summary>
internal sealed class MemoryArchive(IEnumerable<KeyValuePair<string, byte[]>> files) : IAuditArchive, IIndexStore
{
    public SortedDictionary<string, byte[]> Files { get; } = new(files.ToDictionary(), StringComparer.Ordinal);

    public static MemoryArchive Load(string root) => new(
        new[] { "audit", "ledger" }
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(root, folder), "*.jsonl", SearchOption.AllDirectories))
            .Select(file => KeyValuePair.Create(Path.GetRelativePath(root, file), File.ReadAllBytes(file))));

    public MemoryArchive Copy() => new(Files);

    public async IAsyncEnumerable<ArchiveFile> ListAsync(string folder, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        foreach (var (path, bytes) in Files.Where(file => file.Key.StartsWith(folder, StringComparison.Ordinal)))
        {
            yield return new ArchiveFile(path, bytes.Length);
        }
    }

    public Task WriteAsync(string path, ReadOnlyMemory<byte> index, CancellationToken cancellationToken)
    {
        Files[path] = index.ToArray();
        return Task.CompletedTask;
    }

    public Task<Stream> OpenAsync(string path, long offset, CancellationToken cancellationToken) =>
        Task.FromResult<Stream>(new MemoryStream(Files[path], (int)offset, Files[path].Length - (int)offset));
}
