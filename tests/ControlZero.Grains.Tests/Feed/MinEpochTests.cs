using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Tests.Cluster;

namespace ControlZero.Grains.Tests.Feed;

[Collection(TwoSilosCollection.Name)]
public sealed class MinEpochTests(TwoSilos silos)
{
    private const string DenyAll = """{ "name": "p", "rules": [ { "deny": "*" } ] }""";

    [Fact]
    public async Task MinEpoch_OfAPublishThatNobodyWasToldOf_IsReachedAtOnce()
    {
        var (tenant, agents) = await TestTenant.CreateWithAgentsAsync(silos, "follow-min-epoch");
        PublishOutcome outcome;
        using (silos.Pushes.Lose())
        {
            outcome = await tenant.PublishAsync(DenyAll);
        }

        foreach (var agent in agents)
        {
            var answer = await agent.AuthorizeAsync(TestTenant.Ask() with { MinEpoch = outcome.Epoch });
            Assert.Equal((false, outcome.Epoch), (answer.Decision.Allowed, answer.Epoch));
        }
    }

    [Fact]
    public async Task MinEpoch_ThatIsNotReached_DecidesAndCountsNothing()
    {
        var (tenant, agents) = await TestTenant.CreateWithAgentsAsync(silos, "follow-min-epoch-none");

        var answers = await agents[1].AuthorizeManyAsync(
            [TestTenant.Ask() with { MinEpoch = 1 }, TestTenant.Ask() with { MinEpoch = ulong.MaxValue }]);

        Assert.Equal([true, false], answers.Select(answer => answer.Decision.Allowed));
        Assert.All(answers, answer => Assert.Equal(1UL, answer.Epoch));
        var usage = await agents[1].GetUsageAsync(CancellationToken.None);
        Assert.Equal((2L, 0L), (usage!.Allowed, usage.Denied));
    }
}
