using Azure.Storage.Blobs;
using Orleans.Configuration;

namespace Orleans.Storage;

/// <summary>Says in which container a grain's blobs are, so that a tenant may have one of its own. Default: one container for all.</summary>
public interface IBlobContainerFactory
{
    /// <summary>The container of this grain. Called for every operation: it must be quick.</summary>
    BlobContainerClient GetBlobContainerClient(GrainId grainId);

    /// <summary>Called once at the silo's start, before any other call.</summary>
    Task InitializeAsync(BlobServiceClient client);
}

/// <summary>One container for all grains, made at the silo's start.</summary>
internal sealed class DefaultBlobContainerFactory(AzureBlobStorageOptions options) : IBlobContainerFactory
{
    private BlobContainerClient? _container;

    public BlobContainerClient GetBlobContainerClient(GrainId grainId) =>
        _container ?? throw new InvalidOperationException("the blob storage is used before the silo has started it");

    public async Task InitializeAsync(BlobServiceClient client)
    {
        var container = client.GetBlobContainerClient(options.ContainerName);
        await container.CreateIfNotExistsAsync();
        _container = container;
    }
}
