using System.Collections.Immutable;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Engine.Evaluation;
using ControlZero.Grains.Agents;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Tests.Cluster;

namespace ControlZero.Grains.Tests.Feed;

/// <summary>A silo that was cut off goes on with activations that the cluster has replaced: what they believe is of the past.</summary>
[Collection(TwoSilosCollection.Name)]
public sealed class ReplacedActivationTests(TwoSilos silos)
{
    [Fact]
    public async Task TenantActivation_ThatWasReplacedWithoutKnowing_NeitherMisleadsItsSiloNorAcknowledges()
    {
        var (tenant, agents) = await TestTenant.CreateWithAgentsAsync(silos, "follow-duplicate");
        await tenant.SuspendInStorageAsync();
        await silos.Of<ChangeFeed>(0).AppendAsync(Change.OfTenant(tenant.Id, 2));
        Assert.Equal(1UL, (await tenant.Grain.GetManifestAsync(CancellationToken.None))!.Epoch);

        silos.PassTheBound();

        foreach (var agent in agents)
        {
            Assert.Equal(ReasonCodes.TenantSuspended, (await agent.AuthorizeAsync(TestTenant.Ask())).Decision.ReasonCode);
        }

        await Assert.ThrowsAnyAsync<Exception>(() => tenant.PublishAsync(TestTenant.AllowAll));
        Assert.Equal(2UL, (await tenant.PublishAsync(TestTenant.AllowAll)).Epoch);
    }

    [Fact]
    public async Task AgentActivation_ThatWasReplacedWithoutKnowing_DecidesByTheNewLabels()
    {
        var tenant = await TestTenant.CreateAsync(silos, "follow-labels");
        await tenant.PublishAsync("""{ "name": "p", "rules": [ { "allow": "*", "when": { "agent.labels.team": "finance" } } ] }""");
        var agent = await tenant.RegisterAsync("bot", silos.Second, ("team", "finance"));
        Assert.True((await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);

        await silos.RewriteAsync<AgentState>("agent", "agent", GrainKeys.Of(tenant.Id, AgentId.Parse("bot")), state => state with
        {
            Version = 2,
            Labels = ImmutableSortedDictionary<string, string>.Empty.Add("team", "sales"),
        });
        await silos.Of<ChangeFeed>(0).AppendAsync(Change.OfAgent(tenant.Id, AgentId.Parse("bot"), 2));
        silos.PassTheBound();

        Assert.False((await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
    }

    [Fact]
    public async Task PutAgent_OfARegisteredOne_GoesToTheFeed()
    {
        var tenant = await TestTenant.CreateAsync(silos, "follow-put");
        await tenant.RegisterAsync("bot");
        await tenant.RegisterAsync("bot", null, ("team", "sales"));

        var feed = await silos.Of<ChangeFeed>(0).ReadAsync(CancellationToken.None);

        Assert.Equal(("bot", 2UL), feed.Changes.Where(change => change.Tenant == tenant.Id && change.Kind == ChangeKind.Agent)
            .Select(change => (change.Subject, change.Version)).Single());
    }
}
