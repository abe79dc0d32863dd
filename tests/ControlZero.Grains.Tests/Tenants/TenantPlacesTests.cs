using ControlZero.Abstractions;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Tenants;
using ControlZero.Grains.Tests.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Storage;

namespace ControlZero.Grains.Tests.Tenants;

/// <summary>A cluster has so many tenants and no more, however many are created at once and whatever fails on the way; and none less.</summary>
[Collection(TwoSilosCollection.Name)]
public sealed class TenantPlacesTests(TwoSilos silos) : IDisposable
{
    private const string Places = "tenant-places";

    public void Dispose()
    {
        silos.Faults.Disarm();
        SetMax(Limits.ClusterMaxTenants);
    }

    [Fact]
    public async Task Create_ManyAtOnceThroughBothSilos_MakesAsManyAsThereArePlaces()
    {
        var before = await LeaveAsync(3);

        var made = await Task.WhenAll(Enumerable.Range(0, 12).Select(number => CreateAsync($"crowd-{number}", number % 2 == 0 ? silos.First : silos.Second)));

        Assert.Equal(3, made.Count(one => one));
        Assert.Equal((before.Count + 3, 0), await FiguresAsync());
        for (var number = 0; number < made.Length; number++)
        {
            Assert.Equal(made[number], await ExistsAsync($"crowd-{number}"));
        }

        Assert.False(await CreateAsync("crowd-late"));
    }

    [Fact]
    public async Task Create_OfATenantThatIsThere_TakesNoPlace()
    {
        await LeaveAsync(1);
        Assert.True(await CreateAsync("places-once"));
        var figures = await FiguresAsync();

        Assert.False(await CreateAsync("places-once"));
        SetMax(Limits.ClusterMaxTenants);
        Assert.False(await CreateAsync("places-once"));

        Assert.Equal(figures, await FiguresAsync());
    }

    [Fact]
    public async Task Create_WhoseRecordWasNotWritten_LeavesItsPlaceToTheNext()
    {
        var before = await LeaveAsync(1);
        silos.Faults.Arm(TenantGrain.Type, "places-failed", StorageFault.BeforeCommit);
        await Assert.ThrowsAnyAsync<Exception>(() => CreateAsync("places-failed"));
        Assert.Equal((before.Count, 1), await FiguresAsync());

        Assert.True(await CreateAsync("places-next", silos.Second));

        Assert.Equal((before.Count + 1, 0), await FiguresAsync());

        // What the failed attempt had read is not what is stored any more, so it could not store the tenant after all.
        Assert.Contains(TenantId.Parse("places-failed"), await silos.Of<StoredLists>(0).TenantsAsync(null, 1000, CancellationToken.None));
        Assert.False(await CreateAsync("places-failed"));
        Assert.False(await ExistsAsync("places-failed"));
    }

    [Fact]
    public async Task Create_WhoseRecordWasWrittenAndItsAnswerLost_KeepsItsPlace()
    {
        var before = await LeaveAsync(1);
        silos.Faults.Arm(TenantGrain.Type, "places-lost", StorageFault.AfterCommit);
        await Assert.ThrowsAnyAsync<Exception>(() => CreateAsync("places-lost"));

        Assert.False(await CreateAsync("places-other", silos.Second));

        Assert.True(await ExistsAsync("places-lost"));
        Assert.Equal((before.Count + 1, 0), await FiguresAsync());
    }

    [Fact]
    public async Task Create_WhosePlaceCouldNotBeConfirmed_IsCountedWhenSomebodyNeedsIt()
    {
        var before = await LeaveAsync(1);
        silos.Faults.Arm(Places, "cluster", StorageFault.BeforeCommit, after: 1);

        Assert.True(await CreateAsync("places-unconfirmed"));
        Assert.Equal((before.Count, 1), await FiguresAsync());
        Assert.False(await CreateAsync("places-behind", silos.Second));

        Assert.Equal((before.Count + 1, 0), await FiguresAsync());
    }

    [Fact]
    public async Task Create_WhileAnotherIsUnderWay_WaitsForWhatBecomesOfIt()
    {
        var before = await LeaveAsync(1);
        Task<bool>? other = null;
        silos.Faults.During(TenantGrain.Type, "places-under-way", () => other = Task.Run(() => CreateAsync("places-waiting", silos.Second)));

        Assert.True(await CreateAsync("places-under-way"));

        Assert.False(await other!);
        Assert.Equal((before.Count + 1, 0), await FiguresAsync());
    }

    [Fact]
    public async Task Create_WhosePlaceWasGivenBackMeanwhile_StoresNothing()
    {
        // As the grain's other activation does, while this one is paused between taking the place and storing the tenant.
        var before = await LeaveAsync(1);
        silos.Faults.Interject(TenantGrain.Type, "places-paused", async () =>
        {
            var place = Assert.Single(await silos.Of<TenantPlaces>(1).PendingAsync());
            await silos.RewriteAsync<TenantState>(TenantState.Name, TenantGrain.Type, "places-paused", state => state);
            await silos.Of<TenantPlaces>(1).SettleAsync(place, made: false);
        });

        await Assert.ThrowsAnyAsync<Exception>(() => CreateAsync("places-paused"));

        Assert.False(await ExistsAsync("places-paused"));
        Assert.Equal((before.Count, 0), await FiguresAsync());
    }

    [Fact]
    public async Task Settle_OfAnEarlierAttempt_ChangesNothing()
    {
        await LeaveAsync(5);
        var (places, tenant) = (silos.Of<TenantPlaces>(0), TenantId.Parse("places-tickets"));
        var earlier = await places.TakeAsync(tenant);
        var later = await silos.Of<TenantPlaces>(1).TakeAsync(tenant);
        var figures = await FiguresAsync();

        await places.SettleAsync(earlier!, made: true);
        Assert.Equal(figures, await FiguresAsync());
        await places.SettleAsync(later!, made: false);
        await places.SettleAsync(later!, made: true);

        Assert.Equal((figures.Count, figures.Pending - 1), await FiguresAsync());
    }

    [Fact]
    public async Task Create_InAClusterThatNeverCounted_CountsWhatIsThere()
    {
        await LeaveAsync(5);
        var stored = (await silos.Of<StoredLists>(0).TenantsAsync(null, 1000, CancellationToken.None)).Count;
        TenantPlacesState counted = new();
        await silos.RewriteAsync<TenantPlacesState>(TenantPlaces.StateName, Places, "cluster", state => (counted = state) with { Count = null });

        Assert.True(await CreateAsync("places-first-counted"));

        Assert.Equal((stored + 1L, 0), await FiguresAsync());
        await silos.RewriteAsync<TenantPlacesState>(TenantPlaces.StateName, Places, "cluster", _ => counted with { Count = counted.Count + 1 });
    }

    // The cluster is shared: so many places more than its tenants have, of which none is pending.
    private async Task<(long Count, int Pending)> LeaveAsync(int places)
    {
        SetMax(Limits.ClusterMaxTenants);
        Assert.True(await CreateAsync($"places-{Guid.NewGuid():n}"[..20]));
        SetMax(1);
        Assert.False(await CreateAsync("places-none"));
        var figures = await FiguresAsync();
        Assert.Equal(0, figures.Pending);
        SetMax((int)figures.Count + places);
        return figures;
    }

    private void SetMax(int most)
    {
        foreach (var silo in new[] { 0, 1 })
        {
            silos.Of<IOptions<TenancyOptions>>(silo).Value.Max = most;
        }
    }

    private async Task<(long Count, int Pending)> FiguresAsync()
    {
        var state = new GrainState<TenantPlacesState>(new TenantPlacesState());
        await silos.Of<IServiceProvider>(0).GetRequiredKeyedService<IGrainStorage>("real").ReadStateAsync(TenantPlaces.StateName, TenantPlaces.Id, state);
        return (state.State!.Count ?? 0, state.State.Pending.Length);
    }

    private Task<bool> CreateAsync(string id, IGrainFactory? from = null)
    {
        var tenant = TenantId.Parse(id);
        return (from ?? silos.First).GetGrain<ITenantGrain>(GrainKeys.Of(tenant))
            .CreateAsync(new TenantSettings(), TestTenant.Key(tenant, id), CancellationToken.None);
    }

    private async Task<bool> ExistsAsync(string id) =>
        await silos.Of<StoredRecords>(0).ReadManifestAsync(TenantId.Parse(id), CancellationToken.None) is not null;
}
