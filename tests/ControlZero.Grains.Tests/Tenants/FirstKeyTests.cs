using ControlZero.Abstractions;
using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Tests.Cluster;

namespace ControlZero.Grains.Tests.Tenants;

/// <summary>A tenant's first key is listed and then stored; whoever is interrupted in between begins again with the same key.</summary>
[Collection(TwoSilosCollection.Name)]
public sealed class FirstKeyTests(TwoSilos silos)
{
    private static readonly TenantId Tenant = TenantId.Parse("half-made");

    [Fact]
    public async Task Create_InterruptedBeforeItsKeyWasStored_IsFinishedWithTheSameKeyAndNoOther()
    {
        var (key, other) = (TestTenant.Key(Tenant, "first"), TestTenant.Key(Tenant, "second"));
        var grain = silos.First.GetGrain<ITenantGrain>(GrainKeys.Of(Tenant));
        silos.Faults.Arm("key", GrainKeys.Of(key.Id), StorageFault.BeforeCommit);
        await Assert.ThrowsAnyAsync<Exception>(() => grain.CreateAsync(new TenantSettings(), key, CancellationToken.None));

        Assert.False(await grain.CreateAsync(new TenantSettings(), other, CancellationToken.None));
        Assert.True(await grain.CreateAsync(new TenantSettings(), key, CancellationToken.None));
        Assert.False(await grain.CreateAsync(new TenantSettings(), key, CancellationToken.None));

        var stored = silos.Of<StoredRecords>(0);
        Assert.NotNull(await stored.ReadKeyAsync(key.Id, CancellationToken.None));
        Assert.Null(await stored.ReadKeyAsync(other.Id, CancellationToken.None));
    }
}
