using ControlZero.Abstractions;
using ControlZero.Grains.Cluster;
using ControlZero.Grains.Hosting;
using ControlZero.Storage.Embedded;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.Storage;
using Orleans.TestingHost;

namespace ControlZero.Grains.Tests.Cluster;

/// <summary>
/// Two silos over one embedded database, for all tests of the collection. Our own time stands still until a test moves it; Orleans'
/// own goes on.
/// </summary>
public sealed class TwoSilos : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("cz-grains-");
    private EmbeddedDatabase _database = null!;

    /// <summary>The cluster.</summary>
    public InProcessTestCluster Cluster { get; private set; } = null!;

    /// <summary>The time of our own parts.</summary>
    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 3, 2, 10, 0, 0, TimeSpan.Zero));

    /// <summary>Makes storage fail when a test says so.</summary>
    public StorageFaults Faults { get; } = new();

    /// <summary>Grains as the first silo sees them.</summary>
    public IGrainFactory First => FactoryOf(0);

    /// <summary>Grains as the second silo sees them.</summary>
    public IGrainFactory Second => FactoryOf(1);

    public async Task InitializeAsync()
    {
        _database = EmbeddedDatabase.Open(Path.Combine(_directory.FullName, "state.db"));
        var builder = new InProcessTestClusterBuilder(2);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.UseSystemTextJsonGrainStorageSerializer();
            silo.AddEmbeddedGrainStorage("real", _database);
            silo.Services.AddKeyedSingleton<IGrainStorage>(
                StorageNames.State,
                (services, _) => new FaultyStorage(services.GetRequiredKeyedService<IGrainStorage>("real"), Faults));
            silo.Services.AddKeyedSingleton<TimeProvider>(ClusterClock.Key, Clock);
            silo.AddControlZeroGrains();
            silo.AddClusterFacts();
            silo.Services.AddSingleton<ISiloFactsSource>(services => new CountedFacts(services.GetRequiredService<ILocalSiloDetails>().Name));
        });
        Cluster = builder.Build();
        await Cluster.DeployAsync();
    }

    public async Task DisposeAsync()
    {
        await Cluster.DisposeAsync();
        _database.Dispose();
        _directory.Delete(recursive: true);
    }

    private IGrainFactory FactoryOf(int silo) => Cluster.Silos[silo].ServiceProvider.GetRequiredService<IGrainFactory>();
}

/// <summary>The tests that share the two silos.</summary>
[CollectionDefinition(Name)]
public sealed class TwoSilosCollection : ICollectionFixture<TwoSilos>
{
    public const string Name = "two silos";
}
