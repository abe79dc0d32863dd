using ControlZero.Grains.Cluster;
using Microsoft.Extensions.DependencyInjection;

namespace ControlZero.Grains.Tests.Cluster;

[Collection(TwoSilosCollection.Name)]
public sealed class ClusterFactsTests(TwoSilos silos)
{
    [Fact]
    public async Task Ask_AcrossSilos_BringsWhatEachSaysOfItself()
    {
        var reports = await Facts(0).AskAsync(CancellationToken.None);

        Assert.Equal(
            silos.Cluster.Silos.Select(silo => (silo.SiloAddress, silo.Name)).OrderBy(silo => silo.Name),
            reports.Select(report => (report.Address, report.Facts!.Version)).OrderBy(silo => silo.Version));
        Assert.All(reports, report => Assert.Equal(("draining", TimeSpan.FromSeconds(1)), (report.Facts!.NotReady.Single(), report.Facts.FreshnessAge)));
    }

    [Fact]
    public async Task Ask_AgainAndAgain_DisturbsTheSilosOnceASecond()
    {
        var facts = Facts(1);
        silos.Clock.Advance(TimeSpan.FromSeconds(2));
        await facts.AskAsync(CancellationToken.None);
        var before = Asked;

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => facts.AskAsync(CancellationToken.None)));
        var within = Asked;
        silos.Clock.Advance(TimeSpan.FromSeconds(1));
        await facts.AskAsync(CancellationToken.None);

        Assert.Equal((before, before + 2), (within, Asked));
    }

    private int Asked => silos.Cluster.Silos.Sum(silo => ((CountedFacts)silo.ServiceProvider.GetRequiredService<ISiloFactsSource>()).Asked);

    private ClusterFacts Facts(int silo) => silos.Cluster.Silos[silo].ServiceProvider.GetRequiredService<ClusterFacts>();
}
