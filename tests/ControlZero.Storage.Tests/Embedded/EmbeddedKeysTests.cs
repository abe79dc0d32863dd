using ControlZero.Abstractions;
using ControlZero.Storage.Tests.Contract;
using Orleans.Storage;

namespace ControlZero.Storage.Tests.Embedded;

public sealed class EmbeddedKeysTests : StoredKeysContract, IDisposable
{
    private readonly EmbeddedStorageFixture _fixture = new();

    protected override IGrainStorage Storage => _fixture.Storage;

    protected override IStoredKeys Keys => _fixture.Keys;

    public void Dispose() => _fixture.Dispose();
}
