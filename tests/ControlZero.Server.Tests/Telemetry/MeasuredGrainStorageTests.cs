using ControlZero.Server.Health;
using ControlZero.Server.Telemetry;
using Orleans.Storage;

namespace ControlZero.Server.Tests.Telemetry;

public sealed class MeasuredGrainStorageTests : IDisposable
{
    private static readonly GrainId Grain = GrainId.Create("type", "key");
    private readonly Measured _measured = new();
    private readonly SwitchedStorage _inner = new();
    private readonly IGrainStorage _storage;

    public MeasuredGrainStorageTests() =>
        _storage = new MeasuredGrainStorage(_inner, new StorageInstruments(_measured.Meters, new Microsoft.Extensions.Time.Testing.FakeTimeProvider()));

    [Fact]
    public async Task Operations_OfEveryOverload_ReachTheStorageAndAreMeasured()
    {
        var state = new GrainState<string>();

        await _storage.ReadStateAsync("s", Grain, state);
        await _storage.ReadStateAsync("s", Grain, state, CancellationToken.None);
        await _storage.WriteStateAsync("s", Grain, state);
        await _storage.WriteStateAsync("s", Grain, state, CancellationToken.None);
        await _storage.ClearStateAsync("s", Grain, state);
        await _storage.ClearStateAsync("s", Grain, state, CancellationToken.None);
        await _storage.ReadStateAsync(StorageProbe.StateName, Grain, state);

        Assert.Equal(["read", "read+token", "write", "write+token", "clear", "clear+token", "read"], _inner.Operations);
        Assert.Equal(
            ["clear,done=0", "clear,done=0", "probe,done=0", "read,done=0", "read,done=0", "write,done=0", "write,done=0"],
            _measured.Of("controlzero.storage.duration"));
    }

    [Fact]
    public async Task Failures_KeepTheirKind_AndAreMeasuredByIt()
    {
        var state = new GrainState<string>();

        _inner.Failure = new InconsistentStateException("changed");
        await Assert.ThrowsAsync<InconsistentStateException>(() => _storage.WriteStateAsync("s", Grain, state));
        _inner.Failure = new TimeoutException();
        await Assert.ThrowsAsync<TimeoutException>(() => _storage.ReadStateAsync("s", Grain, state));

        Assert.Equal(["read,failed=0", "write,conflict=0"], _measured.Of("controlzero.storage.duration"));
    }

    public void Dispose() => _measured.Dispose();
}
