namespace ControlZero.Grains.Catalog;

/// <summary>
/// A tenant's place in the catalog of a silo. Agents keep a reference to it and read <see cref="Current"/> with every decision.
/// </summary>
public sealed class TenantSlot
{
    private readonly Lock _gate = new();
    private volatile TenantSnapshot? _current;
    private ulong _required;

    /// <summary>What to decide with, or null: it must be loaded first.</summary>
    public TenantSnapshot? Current => _current;

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
