using System.Collections.Immutable;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Quotas;
using ControlZero.Engine.Quotas;
using ControlZero.Grains.Agents;
using ControlZero.Grains.Tests.Cluster;

namespace ControlZero.Grains.Tests.Quotas;

[Collection(TwoSilosCollection.Name)]
public sealed class AgentLimitTests(TwoSilos silos)
{
    [Fact]
    public async Task Authorize_TwoThousandAtOnceThroughTwoSilosOnAHundredUnits_AllowsExactlyAHundred()
    {
        var (tenant, agent) = await StartAsync("quota-2000", Requests(100));
        IAgentGrain[] doors = [agent, tenant.Agent("bot", silos.Second)];
        await agent.AuthorizeAsync(TestTenant.Ask() with { DryRun = true });

        var answers = await Task.WhenAll(Enumerable.Range(0, 2000).Select(async number => number % 3 == 0
            ? await AskCellAsync(tenant, doors[0])
            : await doors[number % 2].AuthorizeAsync(TestTenant.Ask())));

        Assert.Equal(100, answers.Count(answer => answer.Decision.Allowed));
        Assert.All(answers.Where(answer => !answer.Decision.Allowed), answer => Assert.Equal("QUOTA_EXCEEDED", answer.Decision.ReasonCode));
    }

    [Fact]
    public async Task Authorize_UnderALimit_SaysWhatIsLeftAndWhenToAskAgain()
    {
        var (_, agent) = await StartAsync("quota-states", Requests(2));

        var first = await agent.AuthorizeAsync(TestTenant.Ask());
        await agent.AuthorizeAsync(TestTenant.Ask());
        var denied = await agent.AuthorizeAsync(TestTenant.Ask());

        var limit = Assert.Single(first.Quota!.Limits);
        Assert.Equal(("p", "l", QuotaMetric.Requests, QuotaScope.Agent, "1h"), (limit.Policy, limit.Name, limit.Metric, limit.Scope, limit.Window));
        Assert.Equal((2, 1, 1), (limit.Limit, limit.Used, limit.Remaining));
        Assert.Equal(1, Assert.Single(first.Quota.Charged).Units);
        Assert.NotNull(first.Quota.Token);
        Assert.Equal(("QUOTA_EXCEEDED", false), (denied.Decision.ReasonCode, denied.Decision.Allowed));
        Assert.Equal((2, 0), (denied.Quota!.Limits[0].Used, denied.Quota.Limits[0].Remaining));
        Assert.Equal(limit.ResetsAt - silos.Clock.GetUtcNow(), denied.Quota.RetryAfter);
        Assert.Empty(denied.Quota.Charged);
        Assert.Null(denied.Quota.Token);
    }

    [Fact]
    public async Task Authorize_ADryRun_ChargesNothing()
    {
        var (_, agent) = await StartAsync("quota-dry", Requests(1));

        for (var run = 0; run < 5; run++)
        {
            Assert.True((await agent.AuthorizeAsync(TestTenant.Ask() with { DryRun = true })).Decision.Allowed);
        }

        Assert.True((await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
        Assert.False((await agent.AuthorizeAsync(TestTenant.Ask() with { DryRun = true })).Decision.Allowed);
    }

    [Fact]
    public async Task Authorize_DeniedByARule_ChargesNothing()
    {
        var (tenant, agent) = await StartAsync("quota-rule", Requests(1));
        await tenant.PublishAsync("""{ "name": "q", "priority": 1, "rules": [ { "deny": "no.*" } ] }""");

        for (var call = 0; call < 5; call++)
        {
            Assert.False((await agent.AuthorizeAsync(TestTenant.Ask() with { Action = "no.never" })).Decision.Allowed);
        }

        Assert.True((await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
    }

    [Fact]
    public async Task Publish_AgainRenamedBackDeletedAndMadeAgain_KeepsWhatWasUsed()
    {
        var (tenant, agent) = await StartAsync("quota-again", Requests(3));
        for (var call = 0; call < 3; call++)
        {
            Assert.True((await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
        }

        await tenant.PublishAsync(Requests(3, comment: "again"));
        Assert.False((await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
        await tenant.PublishAsync(Requests(3, name: "other"));
        Assert.True((await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
        await tenant.PublishAsync(Requests(3));
        Assert.False((await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
        await tenant.PublishAsync(TestTenant.AllowAll);
        Assert.Null((await agent.AuthorizeAsync(TestTenant.Ask())).Quota);
        await tenant.PublishAsync(Requests(3));
        Assert.False((await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
        await tenant.PublishAsync(Requests(13));
        Assert.Equal(10, await AllowedOfAsync(agent, 40));
    }

    [Fact]
    public async Task Deactivate_InGoodOrder_GivesTheTailBack()
    {
        var (tenant, agent) = await StartAsync("quota-move", Requests(1000));
        await WarmAsync(agent, 150);
        var before = (await agent.GetUsageAsync(CancellationToken.None))!.Limits[0];

        await EndActivationAsync(tenant, agent);

        var after = (await agent.GetUsageAsync(CancellationToken.None))!.Limits[0];
        Assert.Equal((150, 150), (before.Used, after.Used));
        Assert.Equal(850, await AllowedOfAsync(agent, 1000));
    }

    [Fact]
    public async Task Deactivate_WhenStorageFails_IsNeverLowerThanWhatWasGranted()
    {
        var (tenant, agent) = await StartAsync("quota-crash", Requests(1000));
        await WarmAsync(agent, 150);

        // The tail is not given back, as when the process was killed.
        FailWrites(tenant);
        await EndActivationAsync(tenant, agent);
        silos.Faults.Disarm();

        var left = (await agent.GetUsageAsync(CancellationToken.None))!.Limits[0];
        Assert.InRange(left.Used, 151, 250);
        Assert.Equal(left.Remaining, await AllowedOfAsync(agent, 1000));
    }

    [Fact]
    public async Task Authorize_WhileStorageIsAway_GrantsWhatIsAtHandAndThenSaysSo()
    {
        var (tenant, agent) = await StartAsync("quota-outage", Requests(1000));
        await WarmAsync(agent, 150);
        FailWrites(tenant);

        var answers = new List<Authorization>();
        for (var call = 0; call < 200; call++)
        {
            answers.Add(await agent.AuthorizeAsync(TestTenant.Ask()));
        }

        var granted = answers.Count(answer => answer.Decision.Allowed);
        Assert.InRange(granted, 1, 100);
        Assert.All(answers.Skip(granted), answer => Assert.Equal("STATE_UNAVAILABLE", answer.Decision.ReasonCode));
        silos.Faults.Disarm();
        silos.Clock.Advance(TimeSpan.FromSeconds(1));
        await silos.FollowAsync();
        Assert.Equal(1000 - 150 - granted, await AllowedOfAsync(agent, 1000));
    }

    [Fact]
    public async Task Authorize_WhereNoLimitCounts_OpensNoAccount()
    {
        var (_, agent) = await StartAsync("quota-none", """{ "name": "p", "rules": [ { "allow": "*" } ], "limits": [ { "name": "l", "metric": "requests", "limit": 1, "window": "1h", "action": "other:*" } ] }""");

        Assert.Equal(20, await AllowedOfAsync(agent, 20));
        Assert.Null((await agent.AuthorizeAsync(TestTenant.Ask())).Quota);
    }

    [Fact]
    public async Task Authorize_InTheNextWindow_BeginsAnew()
    {
        var (_, agent) = await StartAsync("quota-window", Requests(5));
        Assert.Equal(5, await AllowedOfAsync(agent, 9));

        silos.Clock.Advance(TimeSpan.FromHours(1));
        await silos.FollowAsync();

        Assert.Equal(5, await AllowedOfAsync(agent, 9));
    }

    [Fact]
    public async Task AuthorizeMany_OfMoreThanIsLeft_AllowsTheFirstOfThem()
    {
        var (_, agent) = await StartAsync("quota-many", Requests(10));
        ImmutableArray<AuthorizeRequest> requests = [.. Enumerable.Repeat(TestTenant.Ask(), 25)];

        var answers = await agent.AuthorizeManyAsync(requests);

        Assert.Equal([.. Enumerable.Repeat(true, 10), .. Enumerable.Repeat(false, 15)], answers.Select(answer => answer.Decision.Allowed));
        var usage = (await agent.GetUsageAsync(CancellationToken.None))!;
        Assert.Equal((10, 15, 10L), ((int)usage.Allowed, (int)usage.Denied, usage.Limits[0].Used));
    }

    [Fact]
    public async Task Authorize_CallsInFlight_AdmitsAsManyAtATime()
    {
        var (_, agent) = await StartAsync("quota-flight", """{ "name": "p", "rules": [ { "allow": "*" } ], "limits": [ { "name": "l", "metric": "in_flight", "limit": 4 } ] }""");
        var answers = new List<Authorization>();
        for (var call = 0; call < 6; call++)
        {
            answers.Add(await agent.AuthorizeAsync(TestTenant.Ask()));
        }

        Assert.Equal([true, true, true, true, false, false], answers.Select(answer => answer.Decision.Allowed));
        Assert.Equal("CONCURRENCY_EXCEEDED", answers[5].Decision.ReasonCode);
        Assert.Equal(SettleStatus.Done, (await agent.SettleAsync(new SettleCommand(answers[0].Quota!.Token!, CallUsage.Unknown))).Status);
        Assert.Equal(1, await AllowedOfAsync(agent, 3));

        // What is never settled ends by itself.
        silos.Clock.Advance(QuotaLimit.DefaultHold);
        await silos.FollowAsync();
        Assert.Equal(4, await AllowedOfAsync(agent, 6));
    }

    [Theory]
    [InlineData("30s", 30)]
    [InlineData("2h", 7_200)]
    public async Task Authorize_CallsInFlight_CountForAsLongAsTheirHoldSays(string hold, int seconds)
    {
        var (_, agent) = await StartAsync(
            $"quota-hold-{hold}",
            $$"""{ "name": "p", "rules": [ { "allow": "*" } ], "limits": [ { "name": "l", "metric": "in_flight", "limit": 2, "hold": "{{hold}}" } ] }""");
        Assert.Equal(2, await AllowedOfAsync(agent, 3));

        silos.Clock.Advance(TimeSpan.FromSeconds(seconds - 1));
        await silos.FollowAsync();
        Assert.Equal(0, await AllowedOfAsync(agent, 1));
        silos.Clock.Advance(TimeSpan.FromSeconds(2 + (seconds / 1024)));
        await silos.FollowAsync();
        Assert.Equal(2, await AllowedOfAsync(agent, 3));
    }

    [Fact]
    public async Task Settle_WithinALongHold_EndsTheCall()
    {
        var (_, agent) = await StartAsync(
            "quota-hold-settled",
            """{ "name": "p", "rules": [ { "allow": "*" } ], "limits": [ { "name": "l", "metric": "in_flight", "limit": 1, "hold": "2h" } ] }""");
        var call = await agent.AuthorizeAsync(TestTenant.Ask());

        silos.Clock.Advance(TimeSpan.FromHours(1));
        await silos.FollowAsync();
        Assert.False((await agent.SettleAsync(new SettleCommand(call.Quota!.Token!, CallUsage.Unknown))).Late);
        Assert.Equal(1, await AllowedOfAsync(agent, 2));
    }

    private static string Requests(long limit, string name = "l", string comment = "") => $$"""
        { "name": "p", "description": "{{comment}}", "rules": [ { "allow": "*" } ],
          "limits": [ { "name": "{{name}}", "metric": "requests", "limit": {{limit}}, "window": "1h", "per": "agent" } ] }
        """;

    private async Task<(TestTenant Tenant, IAgentGrain Agent)> StartAsync(string tenant, string policy)
    {
        var created = await TestTenant.CreateAsync(silos, tenant);
        await created.PublishAsync(policy);
        await silos.FollowAsync();
        return (created, await created.RegisterAsync("bot"));
    }

    private static async Task<int> AllowedOfAsync(IAgentGrain agent, int calls)
    {
        var allowed = 0;
        for (var call = 0; call < calls; call++)
        {
            allowed += (await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed ? 1 : 0;
        }

        return allowed;
    }

    // So that there is a block at hand.
    private async Task WarmAsync(IAgentGrain agent, int calls)
    {
        for (var call = 0; call < calls; call++)
        {
            silos.Clock.Advance(TimeSpan.FromMilliseconds(1));
            Assert.True((await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
        }
    }

    private async Task<Authorization> AskCellAsync(TestTenant tenant, IAgentGrain grain)
    {
        await Task.Yield();
        return silos.Of<AgentCells>(0).Find(tenant.Id, AgentId.Parse("bot"))?.Decide(TestTenant.Ask()) ?? await grain.AuthorizeAsync(TestTenant.Ask());
    }

    private async Task EndActivationAsync(TestTenant tenant, IAgentGrain agent)
    {
        var cell = silos.Of<AgentCells>(0).Find(tenant.Id, AgentId.Parse("bot")) ?? silos.Of<AgentCells>(1).Find(tenant.Id, AgentId.Parse("bot"));
        await silos.Cluster.DeactivateAsync(agent);
        Assert.True(cell!.IsRetracted);
    }

    private void FailWrites(TestTenant tenant) =>
        silos.Faults.Arm("agent", GrainKeys.Of(tenant.Id, AgentId.Parse("bot")), StorageFault.BeforeCommit, times: 1_000_000);
}
