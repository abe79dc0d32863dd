using ControlZero.Storage.Embedded;
using ControlZero.Storage.Tests.Contract;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Serialization;
using Orleans.Serialization.Serializers;
using Orleans.Storage;

namespace ControlZero.Storage.Tests.Embedded;

public sealed class EmbeddedGrainStorageTests : GrainStorageContract, IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("cz-storage-");
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();
    private readonly EmbeddedDatabase _database;

    public EmbeddedGrainStorageTests()
    {
        _database = EmbeddedDatabase.Open(Path.Combine(_directory.FullName, "state.db"));
        Storage = new EmbeddedGrainStorage(
            _database,
            new SystemTextJsonGrainStorageSerializer(Options.Create(new SystemTextJsonGrainStorageSerializerOptions())),
            _services.GetRequiredService<IActivatorProvider>());
    }

    protected override IGrainStorage Storage { get; }

    public void Dispose()
    {
        _database.Dispose();
        _services.Dispose();
        _directory.Delete(recursive: true);
    }
}
