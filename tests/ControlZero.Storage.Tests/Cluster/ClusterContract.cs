using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ControlZero.Storage.Tests.Cluster;

/// <summary>Two silos find each other by what a provider keeps, and a client finds both. The grains' state is in PostgreSQL.</summary>
public abstract class ClusterContract
{
    /// <summary>The storage of <see cref="CounterGrain"/>.</summary>
    public const string StorageName = "test";

    /// <summary>A cluster that no other test uses.</summary>
    protected abstract string ClusterId { get; }

    /// <summary>Registers the membership under test, and the storage.</summary>
    protected abstract void Configure(ISiloBuilder silo);

    /// <summary>Registers the membership under test.</summary>
    protected abstract void Configure(IClientBuilder client);

    [Fact]
    public async Task TwoSilosAndAClient_OfOneCluster_CallEachOthersGrains()
    {
        await using var cluster = new TestCluster(ClusterId, Configure, Configure);
        var one = Grains(await cluster.StartSiloAsync());
        var other = Grains(await cluster.StartSiloAsync());
        var client = Grains(await cluster.StartClientAsync());

        // Each silo asks both for their figures, so both are known to both and answer.
        var hosts = await client.GetGrain<IManagementGrain>(0).GetDetailedHosts(onlyActive: true);
        var addresses = hosts.Select(host => host.SiloAddress).ToArray();
        var fromOne = await one.GetGrain<IManagementGrain>(0).GetRuntimeStatistics(addresses);
        var fromOther = await other.GetGrain<IManagementGrain>(0).GetRuntimeStatistics(addresses);
        Assert.Equal((2, 2, 2), (hosts.Length, fromOne.Length, fromOther.Length));

        // Wherever each grain is: one of the two silos calls it across.
        for (var number = 0; number < 20; number++)
        {
            var key = $"counter-{number}";
            var where = await one.GetGrain<ICounterGrain>(key).WhereAsync();
            Assert.Equal(where, await other.GetGrain<ICounterGrain>(key).WhereAsync());
            Assert.Equal(1, await one.GetGrain<ICounterGrain>(key).IncrementAsync());
            Assert.Equal(2, await other.GetGrain<ICounterGrain>(key).IncrementAsync());
            Assert.Equal(3, await client.GetGrain<ICounterGrain>(key).IncrementAsync());
        }
    }

    private static IGrainFactory Grains(IHost host) => host.Services.GetRequiredService<IGrainFactory>();
}
