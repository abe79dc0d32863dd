using ControlZero.Abstractions;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Hosting;
using Microsoft.Extensions.DependencyInjection;
namespace ControlZero.Grains.Keys;

/// <inheritdoc cref="IKeyGrain"/>
[GrainType("key")]
internal sealed class KeyGrain(
    [PersistentState("key", StorageNames.State)] IPersistentState<KeyState> state,
    CatalogAnnouncer announcer,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock) : Grain, IKeyGrain
{
    public async Task<bool> CreateAsync(KeyRecord key, CancellationToken cancellationToken)
    {
        if (state.State.Key is { } existing)
        {
            return existing.Hash == key.Hash;
        }

        state.State = new KeyState { Key = key };
        await this.WriteOrDeactivateAsync(state);
        return true;
    }

    public Task<KeyRecord?> GetAsync(CancellationToken cancellationToken)
    {
        if (state.State.Key is null)
        {
            // Anyone can ask for made-up ids, without a key: they must not stay in memory.
            DeactivateOnIdle();
        }

        return Task.FromResult(state.State.Key);
    }

    public async Task<KeyRecord?> RevokeAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        if (state.State.Key is not { } key || key.Tenant != tenant)
        {
            return null;
        }

        if (key.RevokedAt is null)
        {
            state.State = new KeyState { Key = key with { RevokedAt = clock.GetUtcNow() } };
            await this.WriteOrDeactivateAsync(state);
        }

        await announcer.AnnounceRevocationAsync(key.Id);
        return state.State.Key;
    }
}

/// <summary>What is kept of a key.</summary>
[GenerateSerializer, Alias("cz.KeyState")]
internal sealed record KeyState
{
    /// <summary>Number of this layout.</summary>
    [Id(0)]
    public int SchemaVersion { get; init; } = 1;

    /// <summary>The key. Null: there is none.</summary>
    [Id(1)]
    public KeyRecord? Key { get; init; }
}
