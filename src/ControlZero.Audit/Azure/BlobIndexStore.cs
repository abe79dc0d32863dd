using Azure;
using Azure.Storage.Blobs;
using ControlZero.Audit.Reading;

namespace ControlZero.Audit.Azure;

/// <summary>Indexes in a container, beside their segments. The service swaps a blob in whole; two servers that make the same index write the same bytes.</summary>
/// <param name="container">Of the log.</param>
public sealed class BlobIndexStore(BlobContainerClient container) : IIndexStore
{
    /// <inheritdoc/>
    public async Task WriteAsync(string path, ReadOnlyMemory<byte> index, CancellationToken cancellationToken)
    {
        try
        {
            await container.GetBlobClient(path).UploadAsync(new BinaryData(index), overwrite: true, cancellationToken);
        }
        catch (Exception failure) when (failure is RequestFailedException or AggregateException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new IOException($"index `{path}` cannot be written: {(failure as RequestFailedException)?.ErrorCode ?? failure.Message}", failure);
        }
    }
}
