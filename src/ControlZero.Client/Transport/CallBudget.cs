namespace ControlZero.Client.Transport;

/// <summary>The time one call of the program may take, from the first attempt to the answer that is used.</summary>
internal sealed class CallBudget : IDisposable
{
    private readonly TimeProvider _clock;
    private readonly TimeSpan _timeout;
    private readonly long _start;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _timer;
    private readonly CancellationTokenSource _either;

    public CallBudget(TimeProvider clock, TimeSpan timeout, CancellationToken caller)
    {
        _clock = clock;
        _timeout = timeout;
        _start = clock.GetTimestamp();
        _caller = caller;
        _timer = new CancellationTokenSource(timeout, clock);
        _either = CancellationTokenSource.CreateLinkedTokenSource(caller, _timer.Token);
    }

    /// <summary>Ends with the budget or with the caller's own token.</summary>
    public CancellationToken Token => _either.Token;

    /// <summary>What is left. Never negative.</summary>
    public TimeSpan Remaining
    {
        get
        {
            var remaining = _timeout - _clock.GetElapsedTime(_start);
            return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
        }
    }

    /// <summary>True when an answer would come too late to be used.</summary>
    public bool IsSpent => _timer.IsCancellationRequested || Remaining == TimeSpan.Zero;

    /// <summary>True when the caller does not want the answer any more.</summary>
    public bool IsCallerGone => _caller.IsCancellationRequested;

    /// <summary>Throws when the caller does not want the answer any more.</summary>
    public void ThrowIfCallerGaveUp() => _caller.ThrowIfCancellationRequested();

    /// <inheritdoc/>
    public void Dispose()
    {
        _either.Dispose();
        _timer.Dispose();
    }
}
