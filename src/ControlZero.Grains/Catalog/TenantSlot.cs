using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Feed;

namespace ControlZero.Grains.Catalog;

/// <summary>
/// A tenant's place in the catalog of a silo. Agents keep a reference to it and read <see cref="Current"/> with every decision.
/// </summary>
public sealed class TenantSlot
{
    private readonly Lock _gate = new();
    private volatile TenantSnapshot? _current;
    private TenantSnapshot? _latest;
    private ulong _required;
    private long _resets;

    internal TenantSlot(TenantId tenant, Func<TenantSlot, Task<TenantManifest?>> load)
    {
        Tenant = tenant;
        Loading = new Coalesced<TenantManifest?>(() => load(this));
    }

    /// <summary>The tenant. Its agents hold this one rather than a text of their own each.</summary>
    public TenantId Tenant { get; }

    /// <summary>What to decide with, or null: it must be loaded first.</summary>
    public TenantSnapshot? Current => _current;

    /// <summary>The newest there ever was: what it shares with its successor is not compiled again. It may not decide.</summary>
    internal TenantSnapshot? Latest
    {
        get
        {
            lock (_gate)
            {
                return _latest;
            }
        }
    }

    /// <summary>Loads what is in force from storage. Callers share it.</summary>
    internal Coalesced<TenantManifest?> Loading { get; }

    /// <summary>Taken before a manifest is read, and given back with the snapshot made of it.</summary>
    internal long Ticket
    {
        get
        {
            lock (_gate)
            {
                return _resets;
            }
        }
    }

    /// <summary>The epoch below which nothing decides any more.</summary>
    internal ulong Known
    {
        get
        {
            lock (_gate)
            {
                return Math.Max(_required, _current?.Epoch ?? 0);
            }
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

    /// <summary>Says that nothing read before this moment may decide any more: changes were missed, and nobody knows which.</summary>
    internal void Reset()
    {
        lock (_gate)
        {
            _resets++;
            _current = null;
        }
    }

    /// <summary>Takes a snapshot, unless a newer one is there or required, or its manifest was read before a reset.</summary>
    internal void Offer(TenantSnapshot snapshot, long ticket)
    {
        lock (_gate)
        {
            if (ticket == _resets && snapshot.Epoch >= _required && !(snapshot.Epoch < _current?.Epoch))
            {
                _current = snapshot;
                _latest = snapshot;
            }
        }
    }
}
