using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Quotas;
using ControlZero.Engine.Quotas;
using ControlZero.Grains.Tests.Cluster;

namespace ControlZero.Grains.Tests.Quotas;

/// <summary>Limits that the agents of a tenant share, on both silos.</summary>
[Collection(TwoSilosCollection.Name)]
public sealed class TenantLimitTests(TwoSilos silos)
{
    [Fact]
    public async Task Authorize_TwoThousandAtOnceOfTwentyAgentsOnTwoSilosOnAHundredUnits_AllowsExactlyAHundred()
    {
        var (_, agents) = await StartAsync("shared-2000", Shared(100), agents: 20);

        var answers = await Task.WhenAll(Enumerable.Range(0, 2000).Select(number => agents[number % agents.Length].AuthorizeAsync(TestTenant.Ask()).AsTask()));

        Assert.Equal(100, answers.Count(answer => answer.Decision.Allowed));
        Assert.All(answers.Where(answer => !answer.Decision.Allowed), answer => Assert.Equal("QUOTA_EXCEEDED", answer.Decision.ReasonCode));
    }

    [Fact]
    public async Task Authorize_WhereTheOtherSiloHasABlockAtHand_UsesItsLastUnit()
    {
        var (_, agents) = await StartAsync("shared-recall", Shared(10_000), agents: 2);
        for (var call = 0; call < 300; call++)
        {
            silos.Clock.Advance(TimeSpan.FromMilliseconds(1));
            Assert.True((await agents[0].AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
        }

        Assert.Equal(10_000 - 300, await AllowedOfAsync(agents[1], 11_000));
        silos.Clock.Advance(TimeSpan.FromSeconds(2));
        await silos.FollowAsync();
        Assert.Equal(0, await AllowedOfAsync(agents[0], 5));
    }

    [Fact]
    public async Task Authorize_UnderALimitOfItsOwnAndASharedOne_ChargesBothOrNone()
    {
        var (tenant, agents) = await StartAsync(
            "shared-both",
            """
            { "name": "p", "rules": [ { "allow": "*" } ], "limits": [
              { "name": "own", "metric": "requests", "limit": 3, "window": "1h", "per": "agent" },
              { "name": "team", "metric": "requests", "limit": 5, "window": "1h", "per": "tenant" } ] }
            """,
            agents: 2);

        Assert.Equal(3, await AllowedOfAsync(agents[0], 10));
        Assert.Equal(2, await AllowedOfAsync(agents[1], 10));
        var first = (await agents[0].GetUsageAsync(CancellationToken.None))!.Limits;
        var second = (await agents[1].GetUsageAsync(CancellationToken.None))!.Limits;
        Assert.Equal([3L, 5L], first.Select(limit => limit.Used));
        Assert.Equal([2L, 5L], second.Select(limit => limit.Used));
        Assert.Equal([QuotaScope.Agent, QuotaScope.Tenant], first.Select(limit => limit.Scope));
        Assert.NotNull(tenant);
    }

    [Fact]
    public async Task Settle_OfASharedLimit_GivesBackAndOwes()
    {
        var (_, agents) = await StartAsync(
            "shared-settle",
            """
            { "name": "p", "rules": [ { "allow": "*" } ], "limits": [
              { "name": "team", "metric": "input_tokens", "limit": 100, "window": "1h", "per": "tenant" } ] }
            """,
            agents: 2);
        var call = TestTenant.Ask() with { Estimate = new CallUsage(InputTokens: 50) };
        var (less, more) = (await agents[0].AuthorizeAsync(call), await agents[1].AuthorizeAsync(call));
        Assert.False((await agents[0].AuthorizeAsync(call)).Decision.Allowed);

        await agents[0].SettleAsync(new SettleCommand(less.Quota!.Token!, new CallUsage(InputTokens: 20)));
        var settled = await agents[1].SettleAsync(new SettleCommand(more.Quota!.Token!, new CallUsage(InputTokens: 70)));

        Assert.True(settled.Overrun);
        silos.Clock.Advance(TimeSpan.FromSeconds(2));
        await silos.FollowAsync();
        var small = TestTenant.Ask() with { Estimate = new CallUsage(InputTokens: 10) };
        Assert.True((await agents[1].AuthorizeAsync(small)).Decision.Allowed);
        Assert.False((await agents[1].AuthorizeAsync(small)).Decision.Allowed);
        Assert.False((await agents[0].AuthorizeAsync(small)).Decision.Allowed);
    }

    [Fact]
    public async Task Authorize_SharedCallsInFlight_AreAdmittedOnBothSilosTogether()
    {
        var (_, agents) = await StartAsync(
            "shared-flight",
            """{ "name": "p", "rules": [ { "allow": "*" } ], "limits": [ { "name": "team", "metric": "in_flight", "limit": 4, "per": "tenant" } ] }""",
            agents: 2);
        var calls = new List<Authorization>();
        for (var call = 0; call < 3; call++)
        {
            calls.Add(await agents[0].AuthorizeAsync(TestTenant.Ask()));
        }

        Assert.Equal(1, await AllowedOfAsync(agents[1], 4));
        foreach (var call in calls)
        {
            await agents[0].CancelAsync(call.Quota!.Token!);
        }

        // The places that the first silo leased and does not use are asked for.
        silos.Clock.Advance(TimeSpan.FromSeconds(2));
        await silos.FollowAsync();
        Assert.Equal(3, await AllowedOfAsync(agents[1], 5));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Authorize_AfterTheHoldOfSharedCallsThatNobodyEnds_AdmitsAsManyAgain(bool isGone)
    {
        var (_, agents) = await StartAsync(
            isGone ? "shared-flight-gone" : "shared-flight-over",
            """{ "name": "p", "rules": [ { "allow": "*" } ], "limits": [ { "name": "team", "metric": "in_flight", "limit": 4, "per": "tenant" } ] }""",
            agents: 3);
        Assert.Equal(4, await AllowedOfAsync(agents[0], 5));
        if (isGone)
        {
            await silos.Cluster.DeactivateAsync(agents[0]);
        }

        // Nobody asks the first agent again; the third one is on the same silo.
        Assert.Equal(0, await AllowedOfAsync(agents[2], 1));
        silos.Clock.Advance(QuotaLimit.DefaultHold + TimeSpan.FromSeconds(1));
        await silos.FollowAsync();
        Assert.Equal(4, await AllowedOfAsync(agents[2], 5));
    }

    [Fact]
    public async Task Authorize_WhileTheTenantsRecordCannotBeWritten_SaysSoWhenNothingIsAtHand()
    {
        var (tenant, agents) = await StartAsync("shared-outage", Shared(100), agents: 1);
        silos.Faults.Arm("tenant-quota", GrainKeys.Of(tenant.Id), StorageFault.BeforeCommit, times: 1_000_000);

        Assert.Equal("STATE_UNAVAILABLE", (await agents[0].AuthorizeAsync(TestTenant.Ask())).Decision.ReasonCode);
        silos.Faults.Disarm();
        silos.Clock.Advance(TimeSpan.FromSeconds(1));
        await silos.FollowAsync();
        Assert.True((await agents[0].AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
    }

    [Fact]
    public async Task Reserve_WhoseAnswerIsLost_IsFoundByItsNonce()
    {
        var (tenant, agents) = await StartAsync("shared-lost", Shared(100), agents: 1);
        silos.Faults.Arm("tenant-quota", GrainKeys.Of(tenant.Id), StorageFault.AfterCommit, times: 1);

        Assert.True((await agents[0].AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
        Assert.Equal(99, await AllowedOfAsync(agents[0], 200));
    }

    private static string Shared(long limit) => $$"""
        { "name": "p", "rules": [ { "allow": "*" } ], "limits": [ { "name": "team", "metric": "requests", "limit": {{limit}}, "window": "1h", "per": "tenant" } ] }
        """;

    private static async Task<int> AllowedOfAsync(IAgentGrain agent, int calls)
    {
        var allowed = 0;
        for (var call = 0; call < calls; call++)
        {
            allowed += (await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed ? 1 : 0;
        }

        return allowed;
    }

    // Agents take turns in being registered, and so placed, on one silo and the other.
    private async Task<(TestTenant Tenant, IAgentGrain[] Agents)> StartAsync(string tenant, string policy, int agents)
    {
        silos.Clock.Advance(QuotaWindow.Parse("1h").At(silos.Clock.GetUtcNow()).End - silos.Clock.GetUtcNow());
        var created = await TestTenant.CreateAsync(silos, tenant);
        await created.PublishAsync(policy);
        await silos.FollowAsync();
        var registered = new List<IAgentGrain>();
        for (var agent = 0; agent < agents; agent++)
        {
            registered.Add(await created.RegisterAsync($"bot-{agent}", agent % 2 == 0 ? silos.First : silos.Second));
        }

        return (created, [.. registered]);
    }
}
