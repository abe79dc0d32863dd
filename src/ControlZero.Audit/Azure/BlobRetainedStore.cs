using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Retention;

namespace ControlZero.Audit.Azure;

/// <summary>Segments in a container. A reduced one is a block blob: it is written once, and the service swaps it in whole.</summary>
/// <param name="container">Of the log. Under an immutability policy nothing is replaced, and retention ends with the service's refusal.</param>
public sealed class BlobRetainedStore(BlobContainerClient container) : IRetainedStore
{
    /// <inheritdoc/>
    public IAuditArchive Archive { get; } = new BlobArchive(container);

    /// <inheritdoc/>
    public async Task ReplaceAsync(string path, Func<Stream, Task> write, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(write);
        var temporary = Path.GetTempFileName();
        try
        {
            await using var stream = new FileStream(temporary, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            await write(stream);
            stream.Position = 0;
            await container.GetBlobClient(path).UploadAsync(
                stream,
                new BlobUploadOptions
                {
                    HttpHeaders = new BlobHttpHeaders { ContentType = "application/x-ndjson" },

                    // In one piece: the service takes no staged blocks for a name that an append blob still has.
                    TransferOptions = new StorageTransferOptions { InitialTransferSize = stream.Length + 1, MaximumConcurrency = 1 },
                },
                cancellationToken);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
