using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Orleans.Storage;

namespace ControlZero.Storage.Azure;

/// <summary>Records as block blobs, as the official provider writes them. The metadata <c>czw</c> is ours, and that provider passes over it.</summary>
internal sealed class BlobRecordStore(BlobServiceClient service, IBlobContainerFactory containers) : IAzureRecordStore
{
    /// <summary>Name of the metadata that holds the writer's nonce.</summary>
    public const string NonceMetadata = "czw";

    private const string ContentType = "application/octet-stream";

    public Task InitializeAsync(CancellationToken cancellationToken) => containers.InitializeAsync(service).WaitAsync(cancellationToken);

    public IAzureRecordClient Locate(string stateName, GrainId grainId)
    {
        var name = AzureRecordNames.InContainer(stateName, grainId);
        var container = containers.GetBlobContainerClient(grainId);
        return new Client(container, container.GetBlobClient(name));
    }

    private sealed class Client(BlobContainerClient container, BlobClient blob) : IAzureRecordClient
    {
        public string Address => $"{blob.BlobContainerName}/{blob.Name}";

        public async Task<AzureRecord?> ReadAsync(CancellationToken cancellationToken)
        {
            try
            {
                var found = (await blob.DownloadContentAsync(cancellationToken)).Value;
                var payload = found.Content.ToMemory().IsEmpty ? null : found.Content;
                return new AzureRecord(found.Details.ETag.ToString(), found.Details.Metadata.TryGetValue(NonceMetadata, out var nonce) ? nonce : null, payload);
            }
            catch (RequestFailedException missing) when (missing.Status == 404)
            {
                return null;
            }
        }

        public async Task<string> WriteAsync(BinaryData? payload, string nonce, string? expectedETag, CancellationToken cancellationToken)
        {
            var conditions = expectedETag is null
                ? new BlobRequestConditions { IfNoneMatch = ETag.All }
                : new BlobRequestConditions { IfMatch = new ETag(expectedETag) };
            var options = new BlobUploadOptions
            {
                Conditions = conditions,
                HttpHeaders = new BlobHttpHeaders { ContentType = ContentType },
                Metadata = new Dictionary<string, string> { [NonceMetadata] = nonce },
            };
            var written = await blob.UploadAsync(payload ?? BinaryData.Empty, options, cancellationToken);
            return written.Value.ETag.ToString();
        }

        public Task DeleteAsync(string expectedETag, CancellationToken cancellationToken) => blob.DeleteAsync(
            DeleteSnapshotsOption.None,
            new BlobRequestConditions { IfMatch = new ETag(expectedETag) },
            cancellationToken);

        public Task CreateContainerAsync(CancellationToken cancellationToken) => container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
    }
}
