namespace ControlZero.Server.Tests.Hosting;

/// <summary>The system's clock, and as far ahead of it as tests have moved it: what has an end is waited for by nobody.</summary>
internal sealed class AdvancingClock : TimeProvider
{
    private long _ahead;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Interlocked.Read(ref _ahead));

    /// <summary>Moves it on. It never goes back.</summary>
    public void Advance(TimeSpan time) => Interlocked.Add(ref _ahead, time.Ticks);
}
