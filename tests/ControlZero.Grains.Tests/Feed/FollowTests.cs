using System.Collections.Immutable;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Evaluation;
using ControlZero.Grains.Agents;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Keys;
using ControlZero.Grains.Tenants;
using ControlZero.Grains.Tests.Cluster;

namespace ControlZero.Grains.Tests.Feed;

/// <summary>What was acknowledged is followed within the bound by silos that nobody could tell.</summary>
[Collection(TwoSilosCollection.Name)]
public sealed class FollowTests(TwoSilos silos)
{
    private const string AllowAll = """{ "name": "p", "rules": [ { "allow": "*" } ] }""";
    private const string DenyAll = """{ "name": "p", "rules": [ { "deny": "*" } ] }""";

    [Fact]
    public async Task Publish_ThatNobodyWasToldOf_IsFollowedWithinTheBound()
    {
        var (tenant, agents) = await TenantAsync("publish");

        PublishOutcome outcome;
        using (silos.Pushes.Lose())
        {
            outcome = await tenant.PublishAsync(DenyAll);
        }

        Assert.Empty(outcome.Acknowledgement!.Silos);
        Assert.Equal(new[] { silos.NameOf(0), silos.NameOf(1) }.Order(StringComparer.Ordinal), outcome.Acknowledgement.Pending);
        Assert.Equal(silos.Clock.GetUtcNow() + silos.Of<SiloFreshness>(0).Bound, outcome.Acknowledgement.EnforcedBy);
        silos.PassTheBound();
        foreach (var agent in agents)
        {
            var answer = await agent.AuthorizeAsync(TestTenant.Ask());
            Assert.Equal((false, outcome.Epoch), (answer.Decision.Allowed, answer.Epoch));
        }
    }

    [Fact]
    public async Task Suspension_ThatNobodyWasToldOf_IsFollowedWithinTheBound()
    {
        var (tenant, agents) = await TenantAsync("suspend");
        using (silos.Pushes.Lose())
        {
            await tenant.SuspendAsync("here");
            await tenant.SuspendAsync("there");
        }

        silos.PassTheBound();

        foreach (var agent in agents)
        {
            Assert.Equal(ReasonCodes.AgentSuspended, (await agent.AuthorizeAsync(TestTenant.Ask())).Decision.ReasonCode);
        }
    }

    [Fact]
    public async Task Revocation_ThatNobodyWasToldOf_IsFollowedWithinTheBound()
    {
        var tenant = await TestTenant.CreateAsync(silos, "follow-revoke");
        var key = TestTenant.Key(tenant.Id, "follow-revoke");
        foreach (var silo in new[] { 0, 1 })
        {
            Assert.Null((await FindAsync(silo, key.Id))!.RevokedAt);
        }

        using (silos.Pushes.Lose())
        {
            await silos.First.GetGrain<IKeyGrain>(GrainKeys.Of(key.Id)).RevokeAsync(tenant.Id, CancellationToken.None);
        }

        silos.PassTheBound();
        foreach (var silo in new[] { 0, 1 })
        {
            Assert.True(await silos.Of<SiloFreshness>(silo).EnsureAsync());
            Assert.NotNull((await FindAsync(silo, key.Id))!.RevokedAt);
        }
    }

    [Fact]
    public async Task Key_WhoseRevocationWasAnnouncedAndNotYetMade_IsLookedUpAgain()
    {
        var tenant = await TestTenant.CreateAsync(silos, "follow-intent-key");
        var key = TestTenant.Key(tenant.Id, "follow-intent-key");
        await silos.Of<ChangeFeed>(0).AppendAsync(Change.OfKey(tenant.Id, key.Id));
        await silos.FollowAsync();
        Assert.Null((await FindAsync(1, key.Id))!.RevokedAt);

        // The silo that revoked it was killed right after its write.
        await silos.RewriteAsync<KeyState>(KeyState.Name, KeyGrain.Type, GrainKeys.Of(key.Id), state => state with
        {
            Key = state.Key! with { RevokedAt = silos.Clock.GetUtcNow() },
        });
        await silos.FollowAsync();

        Assert.NotNull((await FindAsync(1, key.Id))!.RevokedAt);
    }

    [Fact]
    public async Task Manifest_ThatWasAnnouncedAndNotYetStored_IsLookedUpAgain()
    {
        var (tenant, agents) = await TenantAsync("intent");
        await silos.Of<ChangeFeed>(0).AppendAsync(Change.OfTenant(tenant.Id, 2));
        await silos.FollowAsync();
        foreach (var agent in agents)
        {
            Assert.True((await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
        }

        // The silo that suspended the tenant was killed right after its write.
        await SuspendInStorageAsync(tenant.Id);
        await silos.FollowAsync();

        foreach (var agent in agents)
        {
            Assert.Equal(ReasonCodes.TenantSuspended, (await agent.AuthorizeAsync(TestTenant.Ask())).Decision.ReasonCode);
        }
    }

    [Fact]
    public async Task Change_ThatFellOutOfTheFeed_IsFollowedAllTheSame()
    {
        var (tenant, agents) = await TenantAsync("overflow");
        var key = TestTenant.Key(tenant.Id, "follow-overflow");
        await FindAsync(1, key.Id);
        await silos.FollowAsync();
        using (silos.Pushes.Lose())
        {
            await tenant.PublishAsync(DenyAll);
            await silos.First.GetGrain<IKeyGrain>(GrainKeys.Of(key.Id)).RevokeAsync(tenant.Id, CancellationToken.None);
        }

        var feed = silos.Of<ChangeFeed>(0);
        await Task.WhenAll(Enumerable.Range(0, ChangeFeedState.Capacity).Select(number =>
            feed.AppendAsync(Change.OfTenant(TenantId.Parse($"crowd-{number}"), 1))));
        Assert.DoesNotContain((await feed.ReadAsync(CancellationToken.None)).Changes, change => change.Tenant == tenant.Id);

        silos.PassTheBound();

        foreach (var agent in agents)
        {
            Assert.False((await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
        }

        Assert.NotNull((await FindAsync(1, key.Id))!.RevokedAt);
    }

    [Fact]
    public async Task Publish_WhoseFirstWordFellOutOfTheFeedBeforeItWasStored_IsFollowed()
    {
        var (tenant, agents) = await TenantAsync("late");
        var feed = silos.Of<ChangeFeed>(0);
        silos.Faults.Interject(TenantGrain.Type, GrainKeys.Of(tenant.Id), async () =>
        {
            await Task.WhenAll(Enumerable.Range(0, ChangeFeedState.Capacity).Select(number =>
                feed.AppendAsync(Change.OfTenant(TenantId.Parse($"late-crowd-{number}"), 1))));
            await silos.FollowAsync();
            foreach (var agent in agents)
            {
                Assert.True((await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
            }
        });

        using (silos.Pushes.Lose())
        {
            await tenant.PublishAsync(DenyAll);
        }

        silos.PassTheBound();
        foreach (var agent in agents)
        {
            Assert.False((await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
        }
    }

    [Fact]
    public async Task TenantActivation_ThatWasReplacedWithoutKnowing_NeitherMisleadsItsSiloNorAcknowledges()
    {
        var (tenant, agents) = await TenantAsync("duplicate");
        await SuspendInStorageAsync(tenant.Id);
        await silos.Of<ChangeFeed>(0).AppendAsync(Change.OfTenant(tenant.Id, 2));
        Assert.Equal(1UL, (await tenant.Grain.GetManifestAsync(CancellationToken.None))!.Epoch);

        silos.PassTheBound();

        foreach (var agent in agents)
        {
            Assert.Equal(ReasonCodes.TenantSuspended, (await agent.AuthorizeAsync(TestTenant.Ask())).Decision.ReasonCode);
        }

        await Assert.ThrowsAnyAsync<Exception>(() => tenant.PublishAsync(AllowAll));
        Assert.Equal(2UL, (await tenant.PublishAsync(AllowAll)).Epoch);
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

    [Fact]
    public async Task MinEpoch_OfAPublishThatNobodyWasToldOf_IsReachedAtOnce()
    {
        var (tenant, agents) = await TenantAsync("min-epoch");
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
        var (tenant, agents) = await TenantAsync("min-epoch-none");

        var answers = await agents[1].AuthorizeManyAsync(
            [TestTenant.Ask() with { MinEpoch = 1 }, TestTenant.Ask() with { MinEpoch = ulong.MaxValue }]);

        Assert.Equal([true, false], answers.Select(answer => answer.Decision.Allowed));
        Assert.All(answers, answer => Assert.Equal(1UL, answer.Epoch));
        var usage = await agents[1].GetUsageAsync(CancellationToken.None);
        Assert.Equal((2L, 0L), (usage!.Allowed, usage.Denied));
    }

    private async Task<(TestTenant Tenant, IAgentGrain[] Agents)> TenantAsync(string id)
    {
        var tenant = await TestTenant.CreateAsync(silos, $"follow-{id}");
        await tenant.PublishAsync(AllowAll);
        IAgentGrain[] agents = [await tenant.RegisterAsync("here", silos.First), await tenant.RegisterAsync("there", silos.Second)];
        foreach (var agent in agents)
        {
            Assert.True((await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
        }

        return (tenant, agents);
    }

    private Task SuspendInStorageAsync(TenantId tenant) =>
        silos.RewriteAsync<TenantState>(TenantState.Name, TenantGrain.Type, GrainKeys.Of(tenant), state => state with
        {
            Manifest = state.Manifest! with
            {
                Epoch = state.Manifest.Epoch + 1,
                Suspensions =
                [
                    new Suspension
                    {
                        Target = SuspensionTarget.Tenant, Subject = "", Reason = "", SuspendedBy = "test", SuspendedAt = silos.Clock.GetUtcNow(),
                    },
                ],
            },
        });

    private ValueTask<KeyRecord?> FindAsync(int silo, KeyId id) => silos.Of<KeyCatalog>(silo).FindAsync(id, CancellationToken.None);
}
