using ControlZero.Abstractions;
using ControlZero.Grains.Cluster;
using ControlZero.Grains.Feed;
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

    /// <summary>The notices between the silos.</summary>
    public Pushes Pushes { get; } = new();

    /// <summary>The newest activation of each grain.</summary>
    public Activations Activations { get; } = new();

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
                (services, _) => new FaultyStorage(
                    services.GetRequiredKeyedService<IGrainStorage>("real"), services.GetRequiredService<ILocalSiloDetails>().Name, Faults));
            silo.Services.AddKeyedSingleton(StorageNames.State, (services, _) => services.GetRequiredKeyedService<IStoredKeys>("real"));
            silo.AddOutgoingGrainCallFilter(Pushes);
            silo.Services.AddSingleton<IConfigureGrainContextProvider>(Activations);
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

    /// <summary>A part of a silo.</summary>
    public T Of<T>(int silo)
        where T : notnull => Cluster.Silos[silo].ServiceProvider.GetRequiredService<T>();

    /// <summary>Name of a silo.</summary>
    public string NameOf(int silo) => Of<ILocalSiloDetails>(silo).Name;

    /// <summary>Makes both silos read the feed, as they do by themselves when our time goes on.</summary>
    public async Task FollowAsync()
    {
        foreach (var silo in new[] { 0, 1 })
        {
            await Of<SiloFreshness>(silo).RefreshAsync();
        }
    }

    /// <summary>Lets our time go on past the bound. Who asks a silo then, finds it stale unless it can read the feed.</summary>
    public void PassTheBound() => Clock.Advance(Of<SiloFreshness>(0).Bound + TimeSpan.FromMilliseconds(1));

    /// <summary>Changes a record behind the back of its activation, as an activation on another silo does that replaced it.</summary>
    public async Task RewriteAsync<T>(string stateName, string type, string key, Func<T, T> change)
        where T : new()
    {
        var state = new GrainState<T>(new T());
        await Storage.ReadStateAsync(stateName, GrainId.Create(type, key), state);
        state.State = change(state.State!);
        await Storage.WriteStateAsync(stateName, GrainId.Create(type, key), state);
    }

    private IGrainStorage Storage => Of<IServiceProvider>(0).GetRequiredKeyedService<IGrainStorage>("real");

    private IGrainFactory FactoryOf(int silo) => Of<IGrainFactory>(silo);
}

/// <summary>The tests that share the two silos.</summary>
[CollectionDefinition(Name)]
public sealed class TwoSilosCollection : ICollectionFixture<TwoSilos>
{
    public const string Name = "two silos";
}
