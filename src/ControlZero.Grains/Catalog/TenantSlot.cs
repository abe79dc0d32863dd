namespace ControlZero.Grains.Catalog;

/// <summary>
/// A tenant's place in the catalog of a silo. Agents keep a reference to it and read <see cref="Current"/> with every decision.
/// </summary>
public sealed class TenantSlot
{
    private readonly Lock _gate = new();
    private volatile TenantSnapshot? _current;
    private ulong _required;
    private Task<bool>? _loading;

    /// <summary>What to decide with, or null: it must be loaded first.</summary>
    public TenantSnapshot? Current => _current;

    /// <summary>Loads, or waits for the load that is under way: a thousand agents of a cold tenant compile its policies once. False: no such tenant.</summary>
    internal Task<bool> LoadOnceAsync(Func<Task<bool>> load)
    {
        lock (_gate)
        {
            return _loading is { IsCompleted: false } ? _loading : _loading = load();
        }
    }

    /// <summary>
    /// Says that nothing older than this epoch may decide any more. From the moment it returns, it does not.
    /// </summary>
    internal void Require(ulong epoch)
    {
        lock (_gate)
        {
            _required = Math.Max(_required, epoch);
            if (_current?.Epoch < _required)
            {
                _current = null;
            }
        }
    }

    /// <summary>Takes a snapshot, unless a newer one is there or required.</summary>
    internal void Offer(TenantSnapshot snapshot)
    {
        lock (_gate)
        {
            if (snapshot.Epoch >= _required && !(snapshot.Epoch < _current?.Epoch))
            {
                _current = snapshot;
            }
        }
    }
}
