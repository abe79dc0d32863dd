using ControlZero.Server.Health;
using ControlZero.Server.Tests.Telemetry;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Server.Tests.Health;

public sealed class StorageProbeTests : IDisposable
{
    private readonly SwitchedStorage _storage = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly StorageProbe _probe;

    public StorageProbeTests() => _probe = new StorageProbe(_storage, new StorageProbeOptions(), _clock, NullLogger<StorageProbe>.Instance);

    [Fact]
    public async Task Storage_ThatFailsOnce_IsStillInReach()
    {
        _storage.Failure = new IOException("gone");

        await _probe.ProbeAsync(CancellationToken.None);
        var afterOne = _probe.IsReachable;
        await _probe.ProbeAsync(CancellationToken.None);

        Assert.Equal((true, false), (afterOne, _probe.IsReachable));
    }

    [Fact]
    public async Task Storage_ThatAnswersAgain_IsInReach()
    {
        _storage.Failure = new IOException("gone");
        await _probe.ProbeAsync(CancellationToken.None);
        await _probe.ProbeAsync(CancellationToken.None);
        _storage.Failure = null;

        await _probe.ProbeAsync(CancellationToken.None);

        Assert.True(_probe.IsReachable);
    }

    [Fact]
    public async Task Storage_ThatHangs_FailsWhenTheTimeIsOver()
    {
        var never = new TaskCompletionSource();
        _storage.Gate = never.Task;

        for (var i = 0; i < 2; i++)
        {
            var probe = _probe.ProbeAsync(CancellationToken.None);
            Assert.False(probe.IsCompleted);
            _clock.Advance(new StorageProbeOptions().Timeout);
            await probe.WaitAsync(TimeSpan.FromSeconds(30));
        }

        Assert.False(_probe.IsReachable);
    }

    public void Dispose() => _probe.Dispose();
}
