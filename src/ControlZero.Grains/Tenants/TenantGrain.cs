using System.Collections.Immutable;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;

namespace ControlZero.Grains.Tenants;

/// <inheritdoc cref="ITenantGrain"/>
/// <remarks>
/// Reentrant, so that a change which waits for silos to acknowledge it holds up no other: a kill switch least of all. What reads and writes the
/// records goes through <see cref="ChangeAsync"/>, one after the other. Said of the class and not of the interface's methods, because those are read
/// by the caller: one of another release would have this one, or its predecessor without the queue, interleave as he knows it.
/// </remarks>
[GrainType(Type), Reentrant]
internal sealed partial class TenantGrain(
    [PersistentState(TenantState.Name, StorageNames.State)] IPersistentState<TenantState> state,
    [PersistentState("keys", StorageNames.State)] IPersistentState<TenantKeysState> keys,
    StoredRecords stored,
    Publishing publishing,
    TenantPlaces places,
    ChangeAnnouncer announcer,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock) : Grain, ITenantGrain, ITenantPlaceGrain, IDisposable
{
    /// <summary>Name of the grain's type, also in storage.</summary>
    public const string Type = "tenant";

    // INVARIANT: what GetManifestAsync shows is durable. It interleaves with a publish that waits for storage, so the state object,
    // which holds the next manifest during the write, is never shown.
    private TenantManifest? _durable;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _durable = state.State.Manifest;
        return Task.CompletedTask;
    }

    public Task<TenantManifest?> GetManifestAsync(CancellationToken cancellationToken) => Task.FromResult(_durable);

    public Task<ImmutableArray<KeyId>> GetKeysAsync(CancellationToken cancellationToken) =>
        ChangeAsync(() => Task.FromResult<ImmutableArray<KeyId>>([.. keys.State.Keys]), cancellationToken);

    public async Task AddKeyAsync(KeyRecord key, CancellationToken cancellationToken)
    {
        // Listed before it is stored: a crash in between lists a key that does not work, it never hides one that does.
        await ChangeAsync(() => ListAsync(key.Id), cancellationToken);
        if (!await GrainFactory.GetGrain<IKeyGrain>(GrainKeys.Of(key.Id)).CreateAsync(key, cancellationToken))
        {
            throw new InvalidOperationException($"key id `{key.Id}` is taken");
        }
    }

    private async Task<bool> ListAsync(KeyId key)
    {
        if (!keys.State.Keys.Contains(key))
        {
            keys.State = keys.State with { Keys = [.. keys.State.Keys, key] };
            await this.WriteOrDeactivateAsync(keys);
        }

        return true;
    }
}
