using ControlZero.Storage.Tests.Contract;
using Orleans.Storage;

namespace ControlZero.Storage.Tests.Embedded;

public sealed class EmbeddedGrainStorageTests : GrainStorageContract, IDisposable
{
    private readonly EmbeddedStorageFixture _fixture = new();

    protected override IGrainStorage Storage => _fixture.Storage;

    public void Dispose() => _fixture.Dispose();
}
