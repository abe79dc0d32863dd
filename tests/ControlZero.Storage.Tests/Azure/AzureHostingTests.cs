using Azure.Core;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using ControlZero.Storage.Azure;
using ControlZero.Storage.Tests.Contract;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Storage;
using Orleans.TestingHost;

namespace ControlZero.Storage.Tests.Azure;

[Collection(AzuriteCollection.Name)]
public sealed class AzureHostingTests(AzuriteFixture azurite)
{
    private static readonly GrainId Grain = GrainId.Create("agent", "acme~bot");

    [Fact]
    public async Task Silo_WithProvidersFromCode_KeepsStateInBothStores()
    {
        var (table, container) = Names();
        await using var cluster = await StartAsync(silo => silo
            .UseSystemTextJsonGrainStorageSerializer()
            .AddAzureTableGrainStorage("rows", options =>
            {
                options.TableName = table;
                options.TableServiceClient = Tables(azurite);
            })
            .AddAzureBlobGrainStorageAsDefault(options =>
            {
                options.ContainerName = container;
                options.BlobServiceClient = Blobs(azurite);
            }));

        await CheckAsync(cluster, "rows", table, container: null);
        await CheckAsync(cluster, "Default", table: null, container);
    }

    [Fact]
    public async Task Silo_WithProvidersFromConfiguration_KeepsStateInBothStores()
    {
        var (table, container) = Names();
        var settings = new Dictionary<string, string?>
        {
            ["Orleans:GrainStorage:rows:ProviderType"] = "AzureTableStorage",
            ["Orleans:GrainStorage:rows:TableName"] = table,
            ["Orleans:GrainStorage:rows:ServiceKey"] = "account",
            ["Orleans:GrainStorage:blobs:ProviderType"] = "AzureBlobStorage",
            ["Orleans:GrainStorage:blobs:ContainerName"] = container,
            ["Orleans:GrainStorage:blobs:ServiceKey"] = "account",
        };
        await using var cluster = await StartAsync(
            silo => silo.UseSystemTextJsonGrainStorageSerializer().Services
                .AddKeyedSingleton("account", Tables(azurite))
                .AddKeyedSingleton("account", Blobs(azurite)),
            settings);

        await CheckAsync(cluster, "rows", table, container: null);
        await CheckAsync(cluster, "blobs", table: null, container);
    }

    [Theory]
    [InlineData("ConnectionString")]
    [InlineData("ConnectionName")]
    public void Configuration_WithAConnection_MakesAClientWithShortTimeouts(string key)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:state"] = azurite.ConnectionString,
            [$"rows:{key}"] = key == "ConnectionName" ? "state" : azurite.ConnectionString,
        }).Build();
        var silo = new ServicesOnly(configuration);
        silo.Services.AddSingleton<IConfiguration>(configuration);

        new AzureTableStorageProviderBuilder().Configure(silo, "rows", configuration.GetSection("rows"));
        new AzureBlobStorageProviderBuilder().Configure(silo, "rows", configuration.GetSection("rows"));

        using var services = silo.Services.AddSingleton(AzureStorageFixture.Serializer).BuildServiceProvider();
        var table = services.GetRequiredService<IOptionsMonitor<AzureTableStorageOptions>>().Get("rows");
        var blob = services.GetRequiredService<IOptionsMonitor<AzureBlobStorageOptions>>().Get("rows");
        Assert.Equal("devstoreaccount1", table.TableServiceClient!.AccountName);
        Assert.Equal("devstoreaccount1", blob.BlobServiceClient!.AccountName);
        Assert.Equal((0, TimeSpan.FromSeconds(2.5)), (table.ClientOptions.Retry.MaxRetries, table.ClientOptions.Retry.NetworkTimeout));
        Assert.Equal((0, TimeSpan.FromSeconds(2.5)), (blob.ClientOptions.Retry.MaxRetries, blob.ClientOptions.Retry.NetworkTimeout));
    }

    [Fact]
    public async Task Clients_OfASignedAddress_SendTheSignatureAndAskNoIdentity()
    {
        using var network = new NoNetwork();
        var tables = AzureStorageClients.Tables(
            "https://acme.table.core.windows.net?sv=1&sig=abc", new NamedCredential(), Without(network, new TableClientOptions()));
        var blobs = AzureStorageClients.Blobs(
            "https://acme.blob.core.windows.net?sv=1&sig=abc", new NamedCredential(), Without(network, new BlobClientOptions()));

        await Assert.ThrowsAsync<NoNetwork.UsedException>(() => tables.GetTableClient("t").GetEntityIfExistsAsync<TableEntity>("a", "b"));
        await Assert.ThrowsAsync<NoNetwork.UsedException>(() => blobs.GetBlobContainerClient("c").GetBlobClient("b").DownloadContentAsync());

        Assert.Equal(2, network.Asked.Count);
        Assert.All(network.Asked, address => Assert.Contains("sig=abc", address.Query, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Clients_OfAnAddress_AskTheIdentity()
    {
        var credential = new NamedCredential();
        var tables = AzureStorageClients.Tables("https://acme.table.core.windows.net", credential);
        var blobs = AzureStorageClients.Blobs("https://acme.blob.core.windows.net", credential);

        await Assert.ThrowsAsync<NamedCredential.AskedException>(() => tables.GetTableClient("t").GetEntityIfExistsAsync<TableEntity>("a", "b"));
        await Assert.ThrowsAsync<NamedCredential.AskedException>(() => blobs.GetBlobContainerClient("c").GetBlobClient("b").DownloadContentAsync());
    }

    [Fact]
    public void Validators_OfFaultyOptions_NameEveryFault()
    {
        var table = new AzureTableStorageOptionsValidator(new AzureTableStorageOptions { TableName = "a-b" }, "my_service", "rows");
        var blob = new AzureBlobStorageOptionsValidator(new AzureBlobStorageOptions { ContainerName = "A" }, "blobs");

        var said = Assert.Throws<OrleansConfigurationException>(table.ValidateConfiguration).Message;
        Assert.Contains("grain storage `rows`", said, StringComparison.Ordinal);
        Assert.Contains("`TableServiceClient` is not set", said, StringComparison.Ordinal);
        Assert.Contains("`TableName` is `a-b`", said, StringComparison.Ordinal);
        Assert.Contains("`ServiceId` is `my_service`", said, StringComparison.Ordinal);
        said = Assert.Throws<OrleansConfigurationException>(blob.ValidateConfiguration).Message;
        Assert.Contains("`BlobServiceClient` is not set", said, StringComparison.Ordinal);
        Assert.Contains("`ContainerName` is `A`", said, StringComparison.Ordinal);
    }

    private static TOptions Without<TOptions>(NoNetwork network, TOptions options)
        where TOptions : ClientOptions
    {
        options.Transport = network;
        return AzureStorageClients.ShortTimeouts(options);
    }

    private static TableServiceClient Tables(AzuriteFixture azurite) => new(azurite.ConnectionString, new TableClientOptions());

    private static BlobServiceClient Blobs(AzuriteFixture azurite) => new(azurite.ConnectionString, new BlobClientOptions());

    private static (string Table, string Container) Names() => ($"t{Guid.NewGuid():N}", $"c{Guid.NewGuid():N}");

    private static async Task<InProcessTestCluster> StartAsync(Action<ISiloBuilder> configure, Dictionary<string, string?>? settings = null)
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSiloHost((_, host) => host.Configuration.AddInMemoryCollection(settings ?? []));
        builder.ConfigureSilo((_, silo) => configure(silo));
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return cluster;
    }

    private async Task CheckAsync(InProcessTestCluster cluster, string provider, string? table, string? container)
    {
        var storage = cluster.Silos[0].ServiceProvider.GetRequiredKeyedService<IGrainStorage>(provider);
        await storage.WriteStateAsync("agent", Grain, new GrainState<Counter>(new Counter { Value = 7 }));

        var serviceId = cluster.Silos[0].ServiceProvider.GetRequiredService<IOptions<ClusterOptions>>().Value.ServiceId;
        if (table is not null)
        {
            Assert.True((await Tables(azurite).GetTableClient(table).GetEntityIfExistsAsync<TableEntity>($"{serviceId}_agent_acme~bot", "agent")).HasValue);
        }

        if (container is not null)
        {
            Assert.True(await Blobs(azurite).GetBlobContainerClient(container).GetBlobClient("agent-agent/acme~bot.json").ExistsAsync());
        }
    }
}
