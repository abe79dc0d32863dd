using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Hosting;
using Orleans.Storage;

namespace ControlZero.Grains.Tenants;

/// <content>What keeps changes that meet apart.</content>
internal sealed partial class TenantGrain
{
    // INVARIANT: whoever touches the state objects or the places holds it, to the end of his writes and not a moment longer.
    private readonly SemaphoreSlim _changes = new(1, 1);

    // INVARIANT: which policies are in force changes under it only, so a publish still knows after it stored its version.
    private readonly SemaphoreSlim _order = new(1, 1);

    private bool _isUncertain;

    public void Dispose()
    {
        _changes.Dispose();
        _order.Dispose();
    }

    /// <summary>
    /// What is in force, read again from storage: an activation that was replaced without knowing it must not answer for its successor.
    /// Null: there is no such tenant.
    /// </summary>
    private async Task<TenantManifest?> ManifestAsync(CancellationToken cancellationToken)
    {
        var manifest = await stored.ReadManifestAsync(TenantId.Parse(this.GetPrimaryKeyString()), cancellationToken);
        if (manifest?.Epoch == _durable?.Epoch)
        {
            return _durable;
        }

        throw WasReplaced();
    }

    private InconsistentStateException WasReplaced()
    {
        DeactivateOnIdle();
        return new InconsistentStateException($"tenant `{this.GetPrimaryKeyString()}` was changed by another activation");
    }

    /// <summary>
    /// Does what reads and writes the records, when whoever came before has done his. Nothing within may wait for another grain: that may be on a silo
    /// that is paused or cut off.
    /// </summary>
    private async Task<T> ChangeAsync<T>(Func<Task<T>> change, CancellationToken cancellationToken)
    {
        await _changes.WaitAsync(cancellationToken);
        try
        {
            await MakeCertainAsync();
            return await change();
        }
        catch
        {
            _isUncertain = true;
            throw;
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <summary>The same around what also waits for other grains. Only its own kind waits for it.</summary>
    private async Task<T> InOrderAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        await _order.WaitAsync(cancellationToken);
        try
        {
            return await work();
        }
        finally
        {
            _order.Release();
        }
    }

    // Whoever waited behind a write that failed is still served by this activation, though it ends: by what is really there.
    private async Task MakeCertainAsync()
    {
        if (_isUncertain)
        {
            await state.ReadStateAsync();
            await keys.ReadStateAsync();
            _durable = state.State.Manifest;
            _isUncertain = false;
        }
    }

    private Task EnforceAsync(TenantManifest next) =>
        announcer.MakeAsync(Change.OfTenant(next.Tenant, next.Epoch), () => CommitAsync(state.State with { Manifest = next }));

    // INVARIANT: not within ChangeAsync, because it waits for silos that may be paused or cut off.
    private Task<Acknowledgement> AnnounceAsync(ulong epoch) => announcer.AnnounceAsync(Change.OfTenant(TenantId.Parse(this.GetPrimaryKeyString()), epoch));

    private async Task CommitAsync(TenantState next)
    {
        // A write that fails ends the activation, and what it tried must then not be written after all to return places.
        var places = _places;
        _places = 0;
        state.State = next with { SchemaVersion = TenantState.CurrentSchema };
        await this.WriteOrDeactivateAsync(state);
        _durable = next.Manifest;
        _places = places;
    }
}
