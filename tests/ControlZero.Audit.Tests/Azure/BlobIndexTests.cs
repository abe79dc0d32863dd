using Azure.Storage.Blobs;
using ControlZero.Audit.Azure;
using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Reading;
using ControlZero.Audit.Sinks;
using ControlZero.Audit.Tests.Reading;
using ControlZero.Storage.Tests.Azure;

namespace ControlZero.Audit.Tests.Azure;

/// <summary>Against a real Azurite.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class BlobIndexTests(AzuriteFixture azurite) : SegmentIndexContract
{
    private readonly BlobContainerClient _container = new(azurite.ConnectionString, $"audit-{Guid.NewGuid():N}");

    internal override IAuditArchive Archive => new BlobArchive(_container);

    internal override IIndexStore Store => new BlobIndexStore(_container);

    internal override IAuditSink Sink => new AppendBlobSink(_container, TimeProvider.System);

    internal override int Rounds => 4;

    internal override async Task PutAsync(string path, byte[] content)
    {
        await _container.CreateIfNotExistsAsync();
        await _container.GetBlobClient(path).UploadAsync(new BinaryData(content), overwrite: true);
    }

    internal override Task DeleteAsync(string path) => _container.GetBlobClient(path).DeleteAsync();
}
