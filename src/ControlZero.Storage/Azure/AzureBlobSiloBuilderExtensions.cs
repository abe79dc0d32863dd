using ControlZero.Storage.Azure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Providers;
using Orleans.Runtime.Hosting;
using Orleans.Storage;

namespace Orleans.Hosting;

/// <summary>Keeps grain state in Azure blobs. The methods are those of the official provider.</summary>
public static class AzureBlobSiloBuilderExtensions
{
    /// <summary>Keeps the state of grains that name no provider in Azure blobs.</summary>
    public static ISiloBuilder AddAzureBlobGrainStorageAsDefault(this ISiloBuilder builder, Action<AzureBlobStorageOptions> configureOptions) =>
        builder.AddAzureBlobGrainStorage(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, configureOptions);

    /// <summary>Keeps the state of grains that name no provider in Azure blobs.</summary>
    public static ISiloBuilder AddAzureBlobGrainStorageAsDefault(
        this ISiloBuilder builder,
        Action<OptionsBuilder<AzureBlobStorageOptions>>? configureOptions = null) =>
        builder.AddAzureBlobGrainStorage(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, configureOptions);

    /// <summary>Keeps the state of grains that name this provider in Azure blobs.</summary>
    public static ISiloBuilder AddAzureBlobGrainStorage(
        this ISiloBuilder builder,
        string name,
        Action<AzureBlobStorageOptions> configureOptions) =>
        builder.AddAzureBlobGrainStorage(name, options => options.Configure(configureOptions));

    /// <summary>Keeps the state of grains that name this provider in Azure blobs.</summary>
    public static ISiloBuilder AddAzureBlobGrainStorage(
        this ISiloBuilder builder,
        string name,
        Action<OptionsBuilder<AzureBlobStorageOptions>>? configureOptions = null)
    {
        var services = builder.Services;
        configureOptions?.Invoke(services.AddOptions<AzureBlobStorageOptions>(name));
        services.AddTransient<
            IPostConfigureOptions<AzureBlobStorageOptions>,
            DefaultStorageProviderSerializerOptionsConfigurator<AzureBlobStorageOptions>>();
        services.AddTransient<IConfigurationValidator>(provider => new AzureBlobStorageOptionsValidator(
            provider.GetRequiredService<IOptionsMonitor<AzureBlobStorageOptions>>().Get(name),
            name));
        services.AddGrainStorage(name, Create);
        return builder;
    }

    private static AzureGrainStorage Create(IServiceProvider services, string name)
    {
        var options = services.GetRequiredService<IOptionsMonitor<AzureBlobStorageOptions>>().Get(name);
        var records = new BlobRecordStore(options.BlobServiceClient!, options.BuildContainerFactory(services, options));
        return ActivatorUtilities.CreateInstance<AzureGrainStorage>(
            services,
            new AzureGrainStorageSettings(name, options.GrainStorageSerializer, options.InitStage, options.DeleteStateOnClear),
            records);
    }
}
