namespace ControlZero.Grains.Feed;

/// <summary>
/// Work whose result several callers may share, but none may get from work that had begun before he asked: at most one piece is under way
/// and one waits for it, however many ask.
/// </summary>
internal sealed class Coalesced<T>(Func<Task<T>> work)
{
    private readonly Lock _gate = new();
    private Task<T>? _running;
    private Task<T>? _next;

    /// <summary>The result of work that begins after this call.</summary>
    public Task<T> RunAsync()
    {
        lock (_gate)
        {
            return _running is null ? _running = BeginAsync(Task.CompletedTask) : _next ??= BeginAsync(_running);
        }
    }

    private async Task<T> BeginAsync(Task previous)
    {
        // Off the caller's scheduler: what others wait for must not end with the grain that happened to ask first.
        await previous.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        try
        {
            return await work();
        }
        finally
        {
            lock (_gate)
            {
                _running = _next;
                _next = null;
            }
        }
    }
}
