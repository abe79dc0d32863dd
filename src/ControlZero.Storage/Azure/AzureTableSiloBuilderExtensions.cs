using ControlZero.Abstractions;
using ControlZero.Storage.Azure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Providers;
using Orleans.Runtime.Hosting;
using Orleans.Storage;

namespace Orleans.Hosting;

/// <summary>Keeps grain state in an Azure table. The methods are those of the official provider.</summary>
public static class AzureTableSiloBuilderExtensions
{
    /// <summary>Keeps the state of grains that name no provider in an Azure table.</summary>
    public static ISiloBuilder AddAzureTableGrainStorageAsDefault(this ISiloBuilder builder, Action<AzureTableStorageOptions> configureOptions) =>
        builder.AddAzureTableGrainStorage(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, configureOptions);

    /// <summary>Keeps the state of grains that name no provider in an Azure table.</summary>
    public static ISiloBuilder AddAzureTableGrainStorageAsDefault(
        this ISiloBuilder builder,
        Action<OptionsBuilder<AzureTableStorageOptions>>? configureOptions = null) =>
        builder.AddAzureTableGrainStorage(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, configureOptions);

    /// <summary>Keeps the state of grains that name this provider in an Azure table.</summary>
    public static ISiloBuilder AddAzureTableGrainStorage(
        this ISiloBuilder builder,
        string name,
        Action<AzureTableStorageOptions> configureOptions) =>
        builder.AddAzureTableGrainStorage(name, options => options.Configure(configureOptions));

    /// <summary>Keeps the state of grains that name this provider in an Azure table.</summary>
    public static ISiloBuilder AddAzureTableGrainStorage(
        this ISiloBuilder builder,
        string name,
        Action<OptionsBuilder<AzureTableStorageOptions>>? configureOptions = null)
    {
        var services = builder.Services;
        configureOptions?.Invoke(services.AddOptions<AzureTableStorageOptions>(name));
        services.AddTransient<
            IPostConfigureOptions<AzureTableStorageOptions>,
            DefaultStorageProviderSerializerOptionsConfigurator<AzureTableStorageOptions>>();
        services.AddTransient<IConfigurationValidator>(provider => new AzureTableStorageOptionsValidator(
            provider.GetRequiredService<IOptionsMonitor<AzureTableStorageOptions>>().Get(name),
            provider.GetRequiredService<IOptions<ClusterOptions>>().Value.ServiceId,
            name));
        services.AddGrainStorage(name, Create);
        services.AddKeyedSingleton<IStoredKeys>(name, (provider, _) => new TableKeys(
            provider.GetRequiredService<IOptionsMonitor<AzureTableStorageOptions>>().Get(name).TableServiceClient!,
            provider.GetRequiredService<IOptionsMonitor<AzureTableStorageOptions>>().Get(name).TableName,
            provider.GetRequiredService<IOptions<ClusterOptions>>().Value.ServiceId));
        return builder;
    }

    private static AzureGrainStorage Create(IServiceProvider services, string name)
    {
        var options = services.GetRequiredService<IOptionsMonitor<AzureTableStorageOptions>>().Get(name);
        var serviceId = services.GetRequiredService<IOptions<ClusterOptions>>().Value.ServiceId;
        var records = new TableRecordStore(options.TableServiceClient!, options.TableName, serviceId, options.UseStringFormat);
        return ActivatorUtilities.CreateInstance<AzureGrainStorage>(
            services,
            new AzureGrainStorageSettings(name, options.GrainStorageSerializer, options.InitStage, options.DeleteStateOnClear),
            records);
    }
}
