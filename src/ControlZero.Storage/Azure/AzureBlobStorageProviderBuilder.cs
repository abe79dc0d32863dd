using ControlZero.Storage.Azure;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Providers;
using Orleans.Storage;

[assembly: RegisterProvider("AzureBlobStorage", "GrainStorage", "Silo", typeof(AzureBlobStorageProviderBuilder))]

namespace ControlZero.Storage.Azure;

/// <summary>Reads <c>Orleans:GrainStorage:NAME</c> of provider type <c>AzureBlobStorage</c>, with the official provider's keys.</summary>
internal sealed class AzureBlobStorageProviderBuilder : IProviderBuilder<ISiloBuilder>
{
    public void Configure(ISiloBuilder builder, string? name, IConfigurationSection configurationSection) =>
        builder.AddAzureBlobGrainStorage(
            name ?? ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME,
            (OptionsBuilder<AzureBlobStorageOptions> options) => options.Configure<IServiceProvider>(
                (target, services) => Bind(target, services, new AzureStorageSection(configurationSection))));

    private static void Bind(AzureBlobStorageOptions options, IServiceProvider services, AzureStorageSection section)
    {
        options.ContainerName = section["ContainerName"] ?? options.ContainerName;
        if (section["ServiceKey"] is { } serviceKey)
        {
            options.BlobServiceClient = services.GetRequiredKeyedService<BlobServiceClient>(serviceKey);
        }
        else if (section.Connection(services) is { } connection)
        {
            options.BlobServiceClient = AzureStorageClients.Blobs(connection, options: options.ClientOptions);
        }

        if (section["SerializerKey"] is { } serializerKey)
        {
            options.GrainStorageSerializer = services.GetRequiredKeyedService<IGrainStorageSerializer>(serializerKey);
        }
    }
}
