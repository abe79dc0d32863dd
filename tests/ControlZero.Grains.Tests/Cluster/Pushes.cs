using ControlZero.Grains.Catalog;

namespace ControlZero.Grains.Tests.Cluster;

/// <summary>The notices between silos, which get lost when a test says so: what remains is the feed.</summary>
public sealed class Pushes : IOutgoingGrainCallFilter
{
    private volatile bool _lost;
    private int _lostCount;

    /// <summary>How many got lost.</summary>
    public int LostCount => Volatile.Read(ref _lostCount);

    /// <summary>Loses all notices until what it returns is disposed.</summary>
    public IDisposable Lose()
    {
        _lost = true;
        return new Loss(this);
    }

    public Task Invoke(IOutgoingGrainCallContext context)
    {
        if (!_lost || context.InterfaceMethod.DeclaringType != typeof(ICatalogService))
        {
            return context.Invoke();
        }

        Interlocked.Increment(ref _lostCount);
        throw new TimeoutException("the test lost this notice");
    }

    private sealed class Loss(Pushes pushes) : IDisposable
    {
        public void Dispose() => pushes._lost = false;
    }
}
