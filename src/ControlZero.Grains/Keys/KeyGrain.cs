using ControlZero.Abstractions;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Hosting;
using Microsoft.Extensions.DependencyInjection;
namespace ControlZero.Grains.Keys;

/// <inheritdoc cref="IKeyGrain"/>
[GrainType(Type)]
internal sealed class KeyGrain(
    [PersistentState(KeyState.Name, StorageNames.State)] IPersistentState<KeyState> state,
    ChangeAnnouncer announcer,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock) : Grain, IKeyGrain
{
    /// <summary>Name of the grain's type, also in storage.</summary>
    public const string Type = "key";

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

    public async Task<RevokeOutcome?> RevokeAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        if (state.State.Key is not { } key || key.Tenant != tenant)
        {
            if (state.State.Key is null)
            {
                // Made-up ids must not stay in memory.
                DeactivateOnIdle();
            }

            return null;
        }

        // Again for one that is revoked already: the call before may have failed on the way to the other silos.
        var change = Change.OfKey(tenant, key.Id);
        var acknowledgement = key.RevokedAt is null
            ? await announcer.CommitAsync(change, () => WriteRevokedAsync(key))
            : await announcer.AnnounceAsync(change);
        return new RevokeOutcome(state.State.Key!, acknowledgement);
    }

    private Task WriteRevokedAsync(KeyRecord key)
    {
        state.State = new KeyState { Key = key with { RevokedAt = clock.GetUtcNow() } };
        return this.WriteOrDeactivateAsync(state);
    }
}

/// <summary>What is kept of a key.</summary>
[GenerateSerializer, Alias("cz.KeyState")]
internal sealed record KeyState
{
    /// <summary>Name of the state in storage.</summary>
    public const string Name = "key";

    /// <summary>Number of this layout.</summary>
    [Id(0)]
    public int SchemaVersion { get; init; } = 1;

    /// <summary>The key. Null: there is none.</summary>
    [Id(1)]
    public KeyRecord? Key { get; init; }
}
