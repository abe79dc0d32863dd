using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using ControlZero.Audit.Format.Archive;

namespace ControlZero.Audit.Azure;

/// <summary>A log in a blob container.</summary>
/// <param name="container">It may be missing: then it has no files.</param>
public sealed class BlobArchive(BlobContainerClient container) : IAuditArchive
{
    private const int BlockBytes = 4 << 20;

    /// <inheritdoc/>
    public async IAsyncEnumerable<ArchiveFile> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!await container.ExistsAsync(cancellationToken))
        {
            yield break;
        }

        await foreach (var blob in container.GetBlobsAsync(new GetBlobsOptions { Prefix = folder }, cancellationToken))
        {
            yield return new ArchiveFile(blob.Name, blob.Properties.ContentLength ?? 0);
        }
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenAsync(string path, long offset, CancellationToken cancellationToken)
    {
        try
        {
            // Read up to the length it has now: an open segment may grow.
            return await container.GetBlobClient(path).OpenReadAsync(new BlobOpenReadOptions(allowModifications: true) { Position = offset, BufferSize = BlockBytes }, cancellationToken);
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            throw new FileNotFoundException($"there is no blob `{path}` in `{container.Name}`", path, missing);
        }
    }
}
