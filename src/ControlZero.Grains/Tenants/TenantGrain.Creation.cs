using ControlZero.Abstractions;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using Orleans.Storage;

namespace ControlZero.Grains.Tenants;

/// <content>How a tenant comes to be: a place in the cluster, the record, the first key.</content>
internal sealed partial class TenantGrain
{
    // Each round asks after all places that were pending in the one before: only others that create tenants at the same time make another one needed.
    private const int PlaceRounds = 8;

    private enum Beginning
    {
        Begun,
        Exists,
        NoPlace,
    }

    public Task<bool> CreateAsync(TenantSettings settings, KeyRecord firstKey, CancellationToken cancellationToken) =>
        InOrderAsync(() => BeginAsync(settings, firstKey, cancellationToken), cancellationToken);

    public Task SettlePlaceAsync(TenantPlace place, CancellationToken cancellationToken) => ChangeAsync(
        async () =>
        {
            if (_durable is null)
            {
                // INVARIANT: the record is written before the place is given back, so an attempt that still has the tag from before cannot store the tenant.
                await CommitAsync(state.State);
            }

            await places.SettleAsync(place, made: _durable is not null);
            return true;
        },
        cancellationToken);

    private async Task<bool> BeginAsync(TenantSettings settings, KeyRecord firstKey, CancellationToken cancellationToken)
    {
        var beginning = await ChangeAsync(() => MakeAsync(settings, firstKey, cancellationToken), cancellationToken);
        for (var round = 1; beginning == Beginning.NoPlace && round < PlaceRounds && await SettleOthersAsync(cancellationToken); round++)
        {
            beginning = await ChangeAsync(() => MakeAsync(settings, firstKey, cancellationToken), cancellationToken);
        }

        if (beginning != Beginning.Begun)
        {
            return false;
        }

        await AddKeyAsync(firstKey, cancellationToken);
        return true;
    }

    private async Task<Beginning> MakeAsync(TenantSettings settings, KeyRecord firstKey, CancellationToken cancellationToken)
    {
        if (_durable is not null)
        {
            return keys.State.Keys.Count > 0 && !await IsHalfMadeAsync(firstKey.Id, cancellationToken) ? Beginning.Exists : Beginning.Begun;
        }

        var place = await places.TakeAsync(TenantId.Parse(this.GetPrimaryKeyString()));
        if (place is null)
        {
            return Beginning.NoPlace;
        }

        await CommitAsync(state.State with { Manifest = Begin(settings) });
        try
        {
            await places.SettleAsync(place, made: true);
        }
        catch (OrleansException)
        {
            // The tenant is there, which is what was asked for. Whoever needs its place finds out.
        }

        return Beginning.Begun;
    }

    // A place that is pending may be free. False: none is, or none but what cannot be told now.
    private async Task<bool> SettleOthersAsync(CancellationToken cancellationToken)
    {
        var pending = await places.PendingAsync();
        foreach (var place in pending)
        {
            try
            {
                await GrainFactory.GetGrain<ITenantPlaceGrain>(GrainKeys.Of(place.Tenant)).SettlePlaceAsync(place, cancellationToken);
            }
            catch (InconsistentStateException)
            {
                // An activation that was replaced without knowing it. The next round asks its successor.
            }
        }

        return !pending.IsEmpty;
    }

    // Whoever made the tenant with this key was interrupted before the key was stored, so there is none that works.
    private async Task<bool> IsHalfMadeAsync(KeyId firstKey, CancellationToken cancellationToken) =>
        keys.State.Keys.Contains(firstKey) && await stored.ReadKeyAsync(firstKey, cancellationToken) is null;

    private TenantManifest Begin(TenantSettings settings) => new()
    {
        Tenant = TenantId.Parse(this.GetPrimaryKeyString()),
        Epoch = 0,
        Settings = settings,
        CreatedAt = clock.GetUtcNow(),
        Policies = [],
    };
}
