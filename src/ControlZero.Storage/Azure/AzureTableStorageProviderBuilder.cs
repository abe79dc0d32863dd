using ControlZero.Storage.Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Providers;
using Orleans.Storage;

[assembly: RegisterProvider("AzureTableStorage", "GrainStorage", "Silo", typeof(AzureTableStorageProviderBuilder))]

namespace ControlZero.Storage.Azure;

/// <summary>Reads <c>Orleans:GrainStorage:NAME</c> of provider type <c>AzureTableStorage</c>, with the official provider's keys.</summary>
internal sealed class AzureTableStorageProviderBuilder : IProviderBuilder<ISiloBuilder>
{
    public void Configure(ISiloBuilder builder, string? name, IConfigurationSection configurationSection) =>
        builder.AddAzureTableGrainStorage(
            name ?? ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME,
            (OptionsBuilder<AzureTableStorageOptions> options) => options.Configure<IServiceProvider>(
                (target, services) => Bind(target, services, new AzureStorageSection(configurationSection))));

    private static void Bind(AzureTableStorageOptions options, IServiceProvider services, AzureStorageSection section)
    {
        options.TableName = section["TableName"] ?? options.TableName;
        if (section["ServiceKey"] is { } serviceKey)
        {
            options.TableServiceClient = services.GetRequiredKeyedService<TableServiceClient>(serviceKey);
        }
        else if (section.Connection(services) is { } connection)
        {
            options.TableServiceClient = AzureStorageClients.Tables(connection, options: options.ClientOptions);
        }

        if (section["SerializerKey"] is { } serializerKey)
        {
            options.GrainStorageSerializer = services.GetRequiredKeyedService<IGrainStorageSerializer>(serializerKey);
        }
    }
}
