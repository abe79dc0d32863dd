using ControlZero.Grains.Catalog;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Evaluation;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Tests.Cluster;

namespace ControlZero.Grains.Tests.Feed;

/// <summary>A silo that cannot confirm what is in force allows nothing.</summary>
[Collection(TwoSilosCollection.Name)]
public sealed class FreshnessTests(TwoSilos silos)
{
    [Fact]
    public async Task Authorize_OnASiloCutOffFromStorage_IsDeniedAsStaleUntilItIsBack()
    {
        var (here, there) = await AgentsAsync("stale", new TenantSettings());

        silos.Faults.CutOff(silos.NameOf(1));
        try
        {
            silos.PassTheBound();

            Assert.True((await here.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
            var stale = await there.AuthorizeAsync(TestTenant.Ask());
            Assert.Equal((false, ReasonCodes.PolicyStale, SyntheticRules.PolicyStale), (stale.Decision.Allowed, stale.Decision.ReasonCode, stale.Decision.RuleId));
            Assert.Equal(ReasonCodes.PolicyStale, (await there.AuthorizeManyAsync([TestTenant.Ask()]))[0].Decision.ReasonCode);
            Assert.Equal(ReasonCodes.PolicyStale, (await there.ExplainAsync(TestTenant.Ask())).Authorization.Decision.ReasonCode);
        }
        finally
        {
            silos.Faults.Reconnect(silos.NameOf(1));
            await silos.FollowAsync();
        }

        Assert.True((await there.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
    }

    [Fact]
    public async Task Authorize_WhileStorageSwallowsEverything_IsDeniedInBoundedTime()
    {
        var (_, there) = await AgentsAsync("swallowed", new TenantSettings());

        silos.Faults.Swallow(silos.NameOf(1));
        try
        {
            silos.PassTheBound();
            var asked = there.AuthorizeAsync(TestTenant.Ask()).AsTask();
            await Until.TrueAsync(
                () =>
                {
                    silos.Clock.Advance(TimeSpan.FromSeconds(1));
                    return asked.IsCompleted;
                },
                "the agent is answered");

            Assert.Equal(ReasonCodes.PolicyStale, (await asked).Decision.ReasonCode);
        }
        finally
        {
            silos.Faults.Reconnect(silos.NameOf(1));
            await silos.FollowAsync();
        }
    }

    [Fact]
    public async Task Authorize_WhereTheTenantAllowsStale_GoesOnByWhatWasLastKnown()
    {
        var (_, there) = await AgentsAsync("allow-stale", new TenantSettings { AllowStale = true });

        silos.Faults.CutOff(silos.NameOf(1));
        try
        {
            silos.PassTheBound();

            var answer = await there.AuthorizeAsync(TestTenant.Ask());

            Assert.True(answer.Decision.Allowed);
            Assert.False(LeaseOf(1, answer).IsOver);
            silos.PassTheBound();
            Assert.False(LeaseOf(1, answer).IsOver);
        }
        finally
        {
            silos.Faults.Reconnect(silos.NameOf(1));
            await silos.FollowAsync();
        }
    }

    [Fact]
    public async Task Authorize_AfterAPause_ReadsTheFeedFirst()
    {
        var (here, there) = await AgentsAsync("paused", new TenantSettings());

        silos.Clock.Advance(TimeSpan.FromHours(3));

        Assert.True((await here.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
        Assert.True((await there.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
    }

    [Fact]
    public async Task AnAllow_HeldUpPastTheBound_MayNotLeave_EvenIfTheSiloIsFreshAgain()
    {
        var (here, _) = await AgentsAsync("held-up", new TenantSettings());
        await silos.FollowAsync();
        var freshness = silos.Of<SiloFreshness>(0);
        var asked = freshness.Ask();
        var lease = freshness.LeaseOf(await here.AuthorizeAsync(TestTenant.Ask()), asked);
        Assert.False(lease.IsOver);

        silos.PassTheBound();
        await silos.FollowAsync();

        Assert.True(freshness.IsFresh);
        Assert.True(lease.IsOver);
    }

    [Fact]
    public async Task AnAllow_MadeByWhatWasHalfABoundOld_MayLeaveForTheOtherHalf()
    {
        var (here, _) = await AgentsAsync("half", new TenantSettings());
        await silos.FollowAsync();
        var freshness = silos.Of<SiloFreshness>(0);
        var half = freshness.Bound / 2;
        var allowed = await here.AuthorizeAsync(TestTenant.Ask()) with { Age = half };
        var lease = freshness.LeaseOf(allowed, freshness.Ask());

        silos.Clock.Advance(half);
        Assert.False(lease.IsOver);
        silos.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.True(lease.IsOver);
    }

    [Fact]
    public async Task ADeny_HeldUpPastTheBound_Leaves()
    {
        var (here, _) = await AgentsAsync("held-deny", new TenantSettings());
        var answer = await here.AuthorizeAsync(TestTenant.Ask());
        var lease = LeaseOf(0, answer with { Decision = Admission.Stale });

        silos.PassTheBound();

        Assert.False(lease.IsOver);
    }

    [Fact]
    public async Task TheFeed_IsReadAsTimeGoesOn_WithoutAnybodyAsking()
    {
        await silos.FollowAsync();
        var feed = silos.Of<ChangeFeed>(0);
        await feed.AppendAsync(Change.OfTenant(TenantId.Parse("nobody"), 1));
        var sequence = (await feed.ReadAsync(CancellationToken.None)).Sequence;

        await Until.TrueAsync(
            () =>
            {
                silos.Clock.Advance(TimeSpan.FromSeconds(1));
                return silos.Of<SiloFreshness>(0).Sequence >= sequence && silos.Of<SiloFreshness>(1).Sequence >= sequence;
            },
            "both silos have read the feed");
    }

    private AllowLease LeaseOf(int silo, Authorization answer) =>
        silos.Of<SiloFreshness>(silo).LeaseOf(answer, silos.Of<SiloFreshness>(silo).Ask());

    private async Task<(IAgentGrain Here, IAgentGrain There)> AgentsAsync(string tenantId, TenantSettings settings)
    {
        var (_, agents) = await TestTenant.CreateWithAgentsAsync(silos, $"fresh-{tenantId}", settings);
        return (agents[0], agents[1]);
    }
}
