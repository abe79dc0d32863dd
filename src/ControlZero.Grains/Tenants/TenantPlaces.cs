using System.Collections.Immutable;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Catalog;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Storage;

namespace ControlZero.Grains.Tenants;

/// <summary>
/// Gives out the places for tenants, so many as the cluster may have. A place is taken in one record before the tenant is stored in its own, and
/// confirmed after: whatever fails in between leaves a place of which the tenant's grain can say later what became of it. No grain, for the reason that the
/// change feed is none: a silo that was cut off cannot make storage answer with the past.
/// </summary>
internal sealed class TenantPlaces(
    [FromKeyedServices(StorageNames.State)] IGrainStorage storage,
    StoredLists lists,
    IOptions<TenancyOptions> options)
{
    /// <summary>Name of the record's state.</summary>
    public const string StateName = "tenant-places";

    /// <summary>Id of the record.</summary>
    public static readonly GrainId Id = GrainId.Create("tenant-places", "cluster");

    // Of the writers that meet, one always wins, so this many silos may create at the same moment.
    private const int ConflictAttempts = 32;

    private const int PageSize = 1000;

    /// <summary>Takes a place for a tenant that is not there. Null: there is none.</summary>
    /// <remarks>
    /// INVARIANT: whoever takes it knows the tag of the tenant's record from before, and stores the tenant under that tag. So a place that was given back
    /// meanwhile, which changes the tag, is not made use of.
    /// </remarks>
    public async Task<TenantPlace?> TakeAsync(TenantId tenant)
    {
        var place = new TenantPlace(tenant, Guid.NewGuid());
        var taken = await ChangeAsync(async state =>
        {
            var counted = state.Count is null ? state with { Count = await CountAsync() } : state;
            var others = counted.Pending.RemoveAll(pending => pending.Tenant == tenant);
            return others.Length < counted.Pending.Length || counted.Taken < options.Value.Max
                ? counted with { Pending = others.Add(place) }
                : null;
        });
        return taken ? place : null;
    }

    /// <summary>Says what became of a place: the tenant is there, or it is not and will not be. Again, or of an earlier attempt, changes nothing.</summary>
    public Task SettleAsync(TenantPlace place, bool made) => ChangeAsync(state => Task.FromResult(state.Pending.Contains(place)
        ? state with { Count = state.Count + (made ? 1 : 0), Pending = state.Pending.Remove(place) }
        : null));

    /// <summary>The places of which nobody has said yet what became of them.</summary>
    public async Task<ImmutableArray<TenantPlace>> PendingAsync() => Of(await ReadAsync()).Pending;

    // Before there was this record: the tenants that have one of their own are all there are, because nobody makes another without it.
    private async Task<long> CountAsync()
    {
        long count = 0;
        TenantId? last = null;
        while (true)
        {
            var page = await lists.TenantsAsync(last, PageSize, CancellationToken.None);
            count += page.Count;
            if (page.Count < PageSize)
            {
                return count;
            }

            last = page[^1];
        }
    }

    // False: the change was none.
    private async Task<bool> ChangeAsync(Func<TenantPlacesState, Task<TenantPlacesState?>> change)
    {
        for (var conflicts = 1; ; conflicts++)
        {
            var state = await ReadAsync();
            if (await change(Of(state)) is not { } next)
            {
                return false;
            }

            state.State = next;
            try
            {
                await storage.WriteStateAsync(StateName, Id, state);
                return true;
            }
            catch (InconsistentStateException) when (conflicts < ConflictAttempts)
            {
            }
            catch (Exception failure) when (failure is not OrleansException)
            {
                // As when a grain writes its own state: callers know one kind of failure, whichever the provider.
                throw new OrleansException("the places for tenants could not be written", failure);
            }
        }
    }

    private static TenantPlacesState Of(GrainState<TenantPlacesState> state) => state.State ?? new TenantPlacesState();

    private async Task<GrainState<TenantPlacesState>> ReadAsync()
    {
        var state = new GrainState<TenantPlacesState>(new TenantPlacesState());
        try
        {
            await storage.ReadStateAsync(StateName, Id, state);
            return state;
        }
        catch (Exception failure) when (failure is not OrleansException)
        {
            throw new OrleansException("the places for tenants could not be read", failure);
        }
    }
}
