using Azure.Core;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using ControlZero.Abstractions;
using ControlZero.Storage.Azure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace ControlZero.Storage.Tests.Azure;

/// <summary>A provider over a table or container that no other test uses.</summary>
internal sealed class AzureStorageFixture : IDisposable
{
    public const string ServiceId = "tests";

    // What the tests of time-outs shorten, call by call. A slow machine must not decide any other test.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();
    private readonly IAzureRecordStore _records;

    private AzureStorageFixture(IAzureRecordStore records, bool deleteOnClear)
    {
        _records = records;
        Storage = new AzureGrainStorage(
            new AzureGrainStorageSettings("tests", Serializer, ServiceLifecycleStage.ApplicationServices, deleteOnClear),
            records,
            _services.GetRequiredService<IActivatorProvider>(),
            NullLogger<AzureGrainStorage>.Instance);
    }

    public static IGrainStorageSerializer Serializer { get; } =
        new SystemTextJsonGrainStorageSerializer(Options.Create(new SystemTextJsonGrainStorageSerializerOptions()));

    public IGrainStorage Storage { get; }

    /// <summary>The reader of its keys; null over blobs.</summary>
    public IStoredKeys? Keys { get; private init; }

    /// <summary>The table itself; null over blobs.</summary>
    public TableClient? Table { get; private init; }

    /// <summary>The container itself; null over a table.</summary>
    public BlobContainerClient? Container { get; private init; }

    public static AzureStorageFixture OverTable(
        AzuriteFixture azurite,
        bool deleteOnClear = false,
        bool useStringFormat = false,
        FaultyConnection? connection = null,
        int clientRetries = 0)
    {
        var name = $"t{Guid.NewGuid():N}";
        var service = new TableServiceClient(azurite.ConnectionString, Tuned(new TableClientOptions(), connection, clientRetries));
        return new AzureStorageFixture(new TableRecordStore(service, name, ServiceId, useStringFormat), deleteOnClear)
        {
            Keys = new TableKeys(service, name, ServiceId),
            Table = new TableServiceClient(azurite.ConnectionString, Tuned(new TableClientOptions(), null, 0)).GetTableClient(name),
        };
    }

    public static AzureStorageFixture OverBlobs(
        AzuriteFixture azurite,
        bool deleteOnClear = true,
        FaultyConnection? connection = null,
        int clientRetries = 0)
    {
        var options = new AzureBlobStorageOptions { ContainerName = $"c{Guid.NewGuid():N}" };
        var service = new BlobServiceClient(azurite.ConnectionString, Tuned(new BlobClientOptions(), connection, clientRetries));
        return new AzureStorageFixture(new BlobRecordStore(service, new DefaultBlobContainerFactory(options)), deleteOnClear)
        {
            Container = new BlobServiceClient(azurite.ConnectionString, Tuned(new BlobClientOptions(), null, 0))
                .GetBlobContainerClient(options.ContainerName),
        };
    }

    public Task StartAsync() => _records.InitializeAsync(CancellationToken.None);

    public void Dispose() => _services.Dispose();

    private static TOptions Tuned<TOptions>(TOptions options, FaultyConnection? connection, int retries)
        where TOptions : ClientOptions
    {
        options.Retry.NetworkTimeout = Patience;
        options.Retry.MaxRetries = retries;
        options.Retry.Delay = TimeSpan.FromMilliseconds(1);
        if (connection is not null)
        {
            options.AddPolicy(connection.Policy, HttpPipelinePosition.PerCall);
            options.Transport = connection;
        }

        return options;
    }
}
