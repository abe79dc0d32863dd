using ControlZero.Abstractions;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Policies;
using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Hosting;
using Microsoft.Extensions.DependencyInjection;
namespace ControlZero.Grains.Tenants;

/// <inheritdoc cref="ITenantGrain"/>
[GrainType("tenant")]
internal sealed partial class TenantGrain(
    [PersistentState("tenant", StorageNames.State)] IPersistentState<TenantState> state,
    [PersistentState("keys", StorageNames.State)] IPersistentState<TenantKeysState> keys,
    Publishing publishing,
    CatalogAnnouncer announcer,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock) : Grain, ITenantGrain
{
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
        if (_durable is not null && keys.State.Keys.Count > 0)
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
        if (_durable is not { } manifest)
        {
            return new PublishOutcome(PublishStatus.TenantUnknown, null, 0);
        }

        var current = manifest.Find(publication.Name);
        if (publishing.Refuse(manifest, current, publication) is { } refusal)
        {
            return refusal;
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
        await CommitAsync(state.State with { Manifest = next });
        await announcer.AnnounceAsync(next);
        return new PublishOutcome(PublishStatus.Published, entry, next.Epoch);
    }

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
        state.State = next;
        await this.WriteOrDeactivateAsync(state);
        _durable = next.Manifest;
        _places = places;
    }
}
