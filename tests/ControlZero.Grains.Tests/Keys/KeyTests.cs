using ControlZero.Abstractions;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Keys;
using ControlZero.Grains.Tests.Cluster;
using Microsoft.Extensions.DependencyInjection;

namespace ControlZero.Grains.Tests.Keys;

[Collection(TwoSilosCollection.Name)]
public sealed class KeyTests(TwoSilos silos)
{
    [Fact]
    public async Task Revoke_Acknowledged_IsKnownOnBothSilos()
    {
        var tenant = await TestTenant.CreateAsync(silos, "revoke-both");
        var key = TestTenant.Key(tenant.Id, "revoke-both");
        foreach (var silo in new[] { 0, 1 })
        {
            Assert.Null((await FindAsync(silo, key.Id))!.RevokedAt);
        }

        await silos.First.GetGrain<IKeyGrain>(GrainKeys.Of(key.Id)).RevokeAsync(tenant.Id, CancellationToken.None);

        foreach (var silo in new[] { 0, 1 })
        {
            Assert.NotNull((await FindAsync(silo, key.Id))!.RevokedAt);
        }
    }

    [Fact]
    public async Task Revoke_AnotherTenantsKey_FindsNone()
    {
        var tenant = await TestTenant.CreateAsync(silos, "revoke-other");
        var key = TestTenant.Key(tenant.Id, "revoke-other");

        var outcome = await silos.First.GetGrain<IKeyGrain>(GrainKeys.Of(key.Id))
            .RevokeAsync(TenantId.Parse("somebody-else"), CancellationToken.None);

        Assert.Null(outcome);
        Assert.Null((await FindAsync(0, key.Id))!.RevokedAt);
    }

    [Fact]
    public async Task Create_AnIdThatIsTaken_IsRefused()
    {
        var tenant = await TestTenant.CreateAsync(silos, "taken-id");
        var key = TestTenant.Key(tenant.Id, "taken-id") with { Hash = new string('b', 64) };

        Assert.False(await silos.First.GetGrain<IKeyGrain>(GrainKeys.Of(key.Id)).CreateAsync(key, CancellationToken.None));
    }

    [Fact]
    public async Task Revoke_AMadeUpId_LeavesNothingInMemory()
    {
        var id = KeyId.Parse("madeupmadeup");
        var grain = silos.First.GetGrain<IKeyGrain>(GrainKeys.Of(id));

        Assert.Null(await FindAsync(0, id));
        Assert.Null(await grain.RevokeAsync(TenantId.Default, CancellationToken.None));

        await silos.Cluster.WaitForDeactivationAsync(grain);
    }

    private ValueTask<KeyRecord?> FindAsync(int silo, KeyId id) =>
        silos.Cluster.Silos[silo].ServiceProvider.GetRequiredService<KeyCatalog>().FindAsync(id, CancellationToken.None);
}
