using System.Collections.Immutable;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Policies;
using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace ControlZero.Grains.Tenants;

/// <inheritdoc cref="ITenantGrain"/>
[GrainType(Type)]
internal sealed partial class TenantGrain(
    [PersistentState(TenantState.Name, StorageNames.State)] IPersistentState<TenantState> state,
    [PersistentState("keys", StorageNames.State)] IPersistentState<TenantKeysState> keys,
    StoredRecords stored,
    Publishing publishing,
    ChangeAnnouncer announcer,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock) : Grain, ITenantGrain
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

    public async Task<bool> CreateAsync(TenantSettings settings, KeyRecord firstKey, CancellationToken cancellationToken)
    {
        if (_durable is not null && keys.State.Keys.Count > 0 && !await IsHalfMadeAsync(firstKey.Id, cancellationToken))
        {
            return false;
        }

        if (_durable is null)
        {
            await CommitAsync(state.State with { Manifest = Begin(settings) });
        }

        await AddKeyAsync(firstKey, cancellationToken);
        return true;
    }

    public Task<TenantManifest?> GetManifestAsync(CancellationToken cancellationToken) => Task.FromResult(_durable);

    public async Task<PublishOutcome> PublishPolicyAsync(PolicyPublication publication, CancellationToken cancellationToken)
    {
        if (await ManifestAsync(cancellationToken) is not { } manifest)
        {
            return new PublishOutcome(PublishStatus.TenantUnknown, null, 0);
        }

        var current = manifest.Find(publication.Name);
        if (publishing.Refuse(manifest, current, publication) is { } refusal)
        {
            // The publish that put it in force may have failed on the way to the other silos.
            return refusal.Status == PublishStatus.Unchanged
                ? refusal with { Acknowledgement = await AnnounceAsync(manifest) }
                : refusal;
        }

        // Two writes are no transaction. The version is stored first: a crash in between leaves a number that was never in force,
        // and nobody was told of it.
        var version = await GrainFactory.GetGrain<IPolicyGrain>(GrainKeys.Of(publication.Tenant, publication.Name))
            .StoreAsync(publication, cancellationToken);
        var entry = publishing.Describe(publication.Name, version);
        var next = manifest with
        {
            Epoch = manifest.Epoch + 1,
            Policies = current is null ? manifest.Policies.Add(entry) : manifest.Policies.Replace(current, entry),
        };
        return new PublishOutcome(PublishStatus.Published, entry, next.Epoch, await EnforceAsync(next));
    }

    public async Task<PublishOutcome> DeletePolicyAsync(DeletePolicyCommand command, CancellationToken cancellationToken)
    {
        if (await ManifestAsync(cancellationToken) is not { } manifest)
        {
            return new PublishOutcome(PublishStatus.TenantUnknown, null, 0);
        }

        if (manifest.Find(command.Name) is not { } current)
        {
            return new PublishOutcome(PublishStatus.PolicyUnknown, null, manifest.Epoch);
        }

        if (command.ExpectedVersion is { } expected && expected != current.Version)
        {
            return new PublishOutcome(PublishStatus.VersionConflict, current, manifest.Epoch);
        }

        var next = manifest with { Epoch = manifest.Epoch + 1, Policies = manifest.Policies.Remove(current) };
        return new PublishOutcome(PublishStatus.Deleted, null, next.Epoch, await EnforceAsync(next));
    }

    public Task<ImmutableArray<KeyId>> GetKeysAsync(CancellationToken cancellationToken) => Task.FromResult<ImmutableArray<KeyId>>([.. keys.State.Keys]);

    public async Task AddKeyAsync(KeyRecord key, CancellationToken cancellationToken)
    {
        // Listed before it is stored: a crash in between lists a key that does not work, it never hides one that does.
        if (!keys.State.Keys.Contains(key.Id))
        {
            keys.State = keys.State with { Keys = [.. keys.State.Keys, key.Id] };
            await this.WriteOrDeactivateAsync(keys);
        }

        if (!await GrainFactory.GetGrain<IKeyGrain>(GrainKeys.Of(key.Id)).CreateAsync(key, cancellationToken))
        {
            throw new InvalidOperationException($"key id `{key.Id}` is taken");
        }
    }

    // Whoever made the tenant with this key was interrupted before the key was stored, so there is none that works.
    private async Task<bool> IsHalfMadeAsync(KeyId firstKey, CancellationToken cancellationToken) =>
        keys.State.Keys.Contains(firstKey) && await stored.ReadKeyAsync(firstKey, cancellationToken) is null;

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

        DeactivateOnIdle();
        throw new InconsistentStateException($"tenant `{this.GetPrimaryKeyString()}` was changed by another activation");
    }

    private Task<Acknowledgement> EnforceAsync(TenantManifest next) =>
        announcer.CommitAsync(Change.OfTenant(next.Tenant, next.Epoch), () => CommitAsync(state.State with { Manifest = next }));

    private Task<Acknowledgement> AnnounceAsync(TenantManifest manifest) =>
        announcer.AnnounceAsync(Change.OfTenant(manifest.Tenant, manifest.Epoch));

    private TenantManifest Begin(TenantSettings settings) => new()
    {
        Tenant = TenantId.Parse(this.GetPrimaryKeyString()),
        Epoch = 0,
        Settings = settings,
        CreatedAt = clock.GetUtcNow(),
        Policies = [],
    };

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
