using ControlZero.Abstractions;
using ControlZero.Storage.Embedded;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace ControlZero.Storage.Tests.Embedded;

/// <summary>An embedded storage over a file of its own.</summary>
internal sealed class EmbeddedStorageFixture : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("cz-storage-");
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();
    private readonly EmbeddedDatabase _database;

    public EmbeddedStorageFixture()
    {
        _database = EmbeddedDatabase.Open(FilePath);
        Storage = new EmbeddedGrainStorage(
            _database,
            new SystemTextJsonGrainStorageSerializer(Options.Create(new SystemTextJsonGrainStorageSerializerOptions())),
            _services.GetRequiredService<IActivatorProvider>());
        Keys = new EmbeddedKeys(_database);
    }

    public string FilePath => Path.Combine(_directory.FullName, "state.db");

    public IGrainStorage Storage { get; }

    public IStoredKeys Keys { get; }

    public void Dispose()
    {
        _database.Dispose();
        _services.Dispose();
        _directory.Delete(recursive: true);
    }
}
