using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Client.Tests.Transport;

/// <summary>A clock that stands still and tells of every back-off that waits on it.</summary>
internal sealed class WatchedClock : FakeTimeProvider
{
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromMilliseconds(200);
    private readonly Channel<TimeSpan> _backOffs = Channel.CreateUnbounded<TimeSpan>();

    /// <summary>Waits until the client waits, and returns for how long it means to.</summary>
    public async Task<TimeSpan> NextBackOffAsync() => await _backOffs.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    /// <summary>True when no back-off was begun that has not been looked at.</summary>
    public bool NoBackOffBegun => !_backOffs.Reader.TryRead(out _);

    /// <summary>How long a test waits for what must happen before it fails.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(60);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime >= TimeSpan.Zero && dueTime <= LongestBackOff)
        {
            _backOffs.Writer.TryWrite(dueTime);
        }

        return timer;
    }
}
