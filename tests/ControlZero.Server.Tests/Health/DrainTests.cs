using ControlZero.Server.Health;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Server.Tests.Health;

public sealed class DrainTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);
    private Drain? _drain;

    [Fact]
    public void Begin_WithADelay_SaysSoFirstAndStopsWhenItIsOver()
    {
        var drain = Make(TimeSpan.FromSeconds(15));

        drain.Begin();
        _clock.Advance(TimeSpan.FromSeconds(14.9));
        var before = (drain.HasBegun, _lifetime.ApplicationStopping.IsCancellationRequested);
        _clock.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal((true, false), before);
        Assert.True(_lifetime.ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public void Begin_ASecondTime_EndsTheDelay()
    {
        var drain = Make(TimeSpan.FromMinutes(5));

        drain.Begin();
        drain.Begin();

        Assert.True(_lifetime.ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public void Begin_WithoutADelay_StopsAtOnce()
    {
        var drain = Make(TimeSpan.Zero);

        drain.Begin();

        Assert.True(drain.HasBegun && _lifetime.ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public void HasBegun_WhenTheHostStopsByItself_IsTrueToo()
    {
        var drain = Make(TimeSpan.FromSeconds(15));
        var before = drain.HasBegun;

        _lifetime.StopApplication();

        Assert.Equal((false, true), (before, drain.HasBegun));
    }

    public void Dispose() => _drain?.Dispose();

    private Drain Make(TimeSpan delay) => _drain = new Drain(new ShutdownOptions { DrainDelay = delay }, _lifetime, _clock);
}
