using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Feed;

namespace ControlZero.Grains.Tests.Cluster;

/// <summary>The notices between silos, which get lost when a test says so: what remains is the feed.</summary>
public sealed class Pushes : IOutgoingGrainCallFilter
{
    private volatile bool _lost;
    private int _lostCount;
    private volatile Func<Change, Task> _heldBack = static _ => Task.CompletedTask;

    /// <summary>How many got lost.</summary>
    public int LostCount => Volatile.Read(ref _lostCount);

    /// <summary>Loses all notices until what it returns is disposed.</summary>
    public IDisposable Lose()
    {
        _lost = true;
        return new Loss(this);
    }

    /// <summary>Keeps the notices of one change from arriving until what it returns is disposed, as silos do that are paused.</summary>
    public Held Hold(TenantId tenant, ulong epoch)
    {
        var held = new Held();
        _heldBack = change => change.Tenant == tenant && change.Version == epoch ? held.WaitAsync() : Task.CompletedTask;
        return held;
    }

    public async Task Invoke(IOutgoingGrainCallContext context)
    {
        if (context.InterfaceMethod.DeclaringType != typeof(ICatalogService))
        {
            await context.Invoke();
            return;
        }

        await _heldBack((Change)context.Request.GetArgument(0)!);

        if (!_lost)
        {
            await context.Invoke();
            return;
        }

        Interlocked.Increment(ref _lostCount);
        throw new TimeoutException("the test lost this notice");
    }

    private sealed class Loss(Pushes pushes) : IDisposable
    {
        public void Dispose() => pushes._lost = false;
    }
}
