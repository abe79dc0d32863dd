using ControlZero.Abstractions;
using ControlZero.Abstractions.Keys;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Evaluation;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Keys;
using ControlZero.Grains.Tenants;
using ControlZero.Grains.Tests.Cluster;

namespace ControlZero.Grains.Tests.Feed;

/// <summary>What was acknowledged is followed within the bound by silos that nobody could tell.</summary>
[Collection(TwoSilosCollection.Name)]
public sealed class FollowTests(TwoSilos silos)
{
    private const string DenyAll = """{ "name": "p", "rules": [ { "deny": "*" } ] }""";

    [Fact]
    public async Task Publish_ThatNobodyWasToldOf_IsFollowedWithinTheBound()
    {
        var (tenant, agents) = await TestTenant.CreateWithAgentsAsync(silos, "follow-publish");

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
        var (tenant, agents) = await TestTenant.CreateWithAgentsAsync(silos, "follow-suspend");
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
    public async Task ModelSuspension_ThatNobodyWasToldOf_IsFollowedWithinTheBound()
    {
        var (tenant, agents) = await TestTenant.CreateWithAgentsAsync(silos, "follow-model");
        using (silos.Pushes.Lose())
        {
            await tenant.SuspendModelAsync("model/openai/*");
        }

        silos.PassTheBound();

        foreach (var agent in agents)
        {
            Assert.Equal(ReasonCodes.ModelSuspended, (await agent.AuthorizeAsync(TestTenant.Ask())).Decision.ReasonCode);
            Assert.True((await agent.AuthorizeAsync(TestTenant.Ask("model/google/gemini"))).Decision.Allowed);
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
        var (tenant, agents) = await TestTenant.CreateWithAgentsAsync(silos, "follow-intent");
        await silos.Of<ChangeFeed>(0).AppendAsync(Change.OfTenant(tenant.Id, 2));
        await silos.FollowAsync();
        foreach (var agent in agents)
        {
            Assert.True((await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
        }

        // The silo that suspended the tenant was killed right after its write.
        await tenant.SuspendInStorageAsync();
        await silos.FollowAsync();

        foreach (var agent in agents)
        {
            Assert.Equal(ReasonCodes.TenantSuspended, (await agent.AuthorizeAsync(TestTenant.Ask())).Decision.ReasonCode);
        }
    }

    [Fact]
    public async Task Change_ThatFellOutOfTheFeed_IsFollowedAllTheSame()
    {
        var (tenant, agents) = await TestTenant.CreateWithAgentsAsync(silos, "follow-overflow");
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
        var (tenant, agents) = await TestTenant.CreateWithAgentsAsync(silos, "follow-late");
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

    private ValueTask<KeyRecord?> FindAsync(int silo, KeyId id) => silos.Of<KeyCatalog>(silo).FindAsync(id, CancellationToken.None);
}
