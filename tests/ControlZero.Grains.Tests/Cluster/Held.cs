namespace ControlZero.Grains.Tests.Cluster;

/// <summary>What a test holds back, the answer to a read or the notices of a change, until it lets it go or is over.</summary>
public sealed class Held : IDisposable
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done when the first one waits.</summary>
    public Task Reached => _reached.Task;

    /// <summary>Lets it go, and what comes later too.</summary>
    public void Release() => _released.TrySetResult();

    public void Dispose() => Release();

    internal Task WaitAsync()
    {
        _reached.TrySetResult();
        return _released.Task;
    }
}
