using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using ControlZero.Audit.Format.Archive;

namespace ControlZero.Audit.Azure;

/// <summary>A log in a blob container. What the service refuses or does not answer is an <see cref="IOException"/>, as of a disk.</summary>
/// <param name="container">It may be missing: then it has no files.</param>
public sealed class BlobArchive(BlobContainerClient container) : IAuditArchive
{
    private const int BlockBytes = 4 << 20;

    /// <summary>A request takes as long as some hundred kilobytes.</summary>
    public int CheapGap => 128 << 10;

    /// <inheritdoc/>
    public async IAsyncEnumerable<ArchiveFile> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var blobs = container.GetBlobsAsync(new GetBlobsOptions { Prefix = folder }, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await BlobFailures.ExplainAsync(folder, () => NextAsync(blobs), cancellationToken))
        {
            yield return new ArchiveFile(blobs.Current.Name, blobs.Current.Properties.ContentLength ?? 0);
        }
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenAsync(string path, long offset, CancellationToken cancellationToken)
    {
        // Read up to the length it has now: an open segment may grow.
        var options = new BlobOpenReadOptions(allowModifications: true) { Position = offset, BufferSize = BlockBytes };
        return new BlobStream(
            await BlobFailures.ExplainAsync(path, () => container.GetBlobClient(path).OpenReadAsync(options, cancellationToken), cancellationToken), path);
    }

    /// <inheritdoc/>
    public Task ReadAsync(string path, long offset, Memory<byte> bytes, CancellationToken cancellationToken) => BlobFailures.ExplainAsync(
        path,
        async () =>
        {
            var part = await container.GetBlobClient(path).DownloadStreamingAsync(
                new BlobDownloadOptions { Range = new HttpRange(offset, bytes.Length) }, cancellationToken);
            await using var content = part.Value.Content;
            await content.ReadExactlyAsync(bytes, cancellationToken);
            return true;
        },
        cancellationToken);

    private static async Task<bool> NextAsync(IAsyncEnumerator<BlobItem> blobs)
    {
        try
        {
            return await blobs.MoveNextAsync();
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return false;
        }
    }
}
