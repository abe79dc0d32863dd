using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Quotas;
using ControlZero.Engine.Quotas;
using ControlZero.Grains.Tests.Cluster;

namespace ControlZero.Grains.Tests.Quotas;

[Collection(TwoSilosCollection.Name)]
public sealed class SettlingTests(TwoSilos silos)
{
    [Fact]
    public async Task Settle_WithLessThanReserved_GivesTheRestBackOnce()
    {
        var (_, agent) = await StartAsync("settle-less", Tokens(100));
        var token = await ReserveAsync(agent, 60);

        Assert.False((await agent.AuthorizeAsync(Ask(50))).Decision.Allowed);
        var settled = await agent.SettleAsync(Used(token, 10));
        var again = await agent.SettleAsync(Used(token, 10));
        var otherwise = await agent.SettleAsync(Used(token, 20));

        Assert.Equal((SettleStatus.Done, false, false, 10L), (settled.Status, settled.Replayed, settled.Overrun, settled.Limits[0].Used));
        Assert.Equal((SettleStatus.Done, true, 10L), (again.Status, again.Replayed, again.Limits[0].Used));
        Assert.Equal(SettleStatus.Otherwise, otherwise.Status);
        Assert.Equal(SettleStatus.Otherwise, (await agent.CancelAsync(token)).Status);
        Assert.True((await agent.AuthorizeAsync(Ask(90))).Decision.Allowed);
        Assert.False((await agent.AuthorizeAsync(Ask(1))).Decision.Allowed);
    }

    [Fact]
    public async Task Settle_ZeroIsAFigureAndNothingIsNone()
    {
        var (_, agent) = await StartAsync("settle-zero", Tokens(100));
        var (zero, unknown) = (await ReserveAsync(agent, 50), await ReserveAsync(agent, 50));

        await agent.SettleAsync(Used(zero, 0));
        var settled = await agent.SettleAsync(new SettleCommand(unknown, CallUsage.Unknown));

        Assert.Equal(50, settled.Limits[0].Used);
    }

    [Fact]
    public async Task Settle_WithOneUnitMoreThanThereIs_IsADebtOfOne_AlsoAtAnotherActivation()
    {
        var (_, here) = await StartAsync("settle-one-more", Tokens(100));
        var settledHere = await here.SettleAsync(Used(await ReserveAsync(here, 100), 101));
        var (_, elsewhere) = await StartAsync("settle-one-more-elsewhere", Tokens(100));
        var token = await ReserveAsync(elsewhere, 100);
        await silos.Cluster.DeactivateAsync(elsewhere);
        var settledElsewhere = await elsewhere.SettleAsync(Used(token, 101));

        Assert.Equal((true, 101L), (settledHere.Overrun, settledHere.Limits[0].Used));
        Assert.Equal((true, 101L), (settledElsewhere.Overrun, settledElsewhere.Limits[0].Used));
    }

    [Fact]
    public async Task Settle_WithMoreThanIsLeft_IsADebtThatIsStoredBeforeTheAnswer()
    {
        var (tenant, agent) = await StartAsync("settle-more", Tokens(100));
        var token = await ReserveAsync(agent, 60);

        var settled = await agent.SettleAsync(Used(token, 150));

        Assert.Equal((true, 150L, 0L), (settled.Overrun, settled.Limits[0].Used, settled.Limits[0].Remaining));
        Assert.False((await agent.AuthorizeAsync(Ask(1))).Decision.Allowed);

        // Whatever becomes of the activation.
        FailWrites(tenant);
        await silos.Cluster.DeactivateAsync(agent);
        silos.Faults.Disarm();
        Assert.Equal(150, (await agent.GetUsageAsync(CancellationToken.None))!.Limits[0].Used);
    }

    [Fact]
    public async Task Settle_WhoseDebtCannotBeStored_FailsAndIsStoredWhenToldAgain()
    {
        var (tenant, agent) = await StartAsync("settle-outage", Tokens(100));
        var token = await ReserveAsync(agent, 60);
        FailWrites(tenant);

        await Assert.ThrowsAsync<QuotaUnavailableException>(() => agent.SettleAsync(Used(token, 90)));
        silos.Faults.Disarm();
        silos.Clock.Advance(TimeSpan.FromSeconds(1));
        await silos.FollowAsync();
        Assert.Equal((SettleStatus.Done, true), ((await agent.SettleAsync(Used(token, 90))) is var settled ? (settled.Status, settled.Replayed) : default));

        FailWrites(tenant);
        await silos.Cluster.DeactivateAsync(agent);
        silos.Faults.Disarm();
        Assert.Equal(90, (await agent.GetUsageAsync(CancellationToken.None))!.Limits[0].Used);
    }

    [Fact]
    public async Task Settle_AtAnotherActivation_ChargesMoreButNeverGivesBack()
    {
        var (_, agent) = await StartAsync("settle-moved", Tokens(1000));
        var (more, less) = (await ReserveAsync(agent, 100), await ReserveAsync(agent, 100));
        await silos.Cluster.DeactivateAsync(agent);

        var first = await agent.SettleAsync(Used(more, 150));
        var again = await agent.SettleAsync(Used(more, 150));
        var second = await agent.SettleAsync(Used(less, 10));

        Assert.Equal((SettleStatus.Done, true, 250L), (first.Status, first.Overrun, first.Limits[0].Used));
        Assert.Equal((SettleStatus.Done, true, 250L), (again.Status, again.Replayed, again.Limits[0].Used));
        Assert.Equal((SettleStatus.Done, false, 250L), (second.Status, second.Overrun, second.Limits[0].Used));
    }

    [Fact]
    public async Task Settle_InAnotherWindow_GivesNothingBackAndChargesMoreThere()
    {
        var (_, agent) = await StartAsync("settle-window", Tokens(100));
        var (less, more) = (await ReserveAsync(agent, 40), await ReserveAsync(agent, 40));
        silos.Clock.Advance(TimeSpan.FromMinutes(1));
        await silos.FollowAsync();

        Assert.Equal(0, (await agent.SettleAsync(Used(less, 1))).Limits[0].Used);
        Assert.Equal(60, (await agent.SettleAsync(Used(more, 100))).Limits[0].Used);
        Assert.False((await agent.AuthorizeAsync(Ask(41))).Decision.Allowed);
        Assert.True((await agent.AuthorizeAsync(Ask(40))).Decision.Allowed);
    }

    [Fact]
    public async Task Settle_TooLate_IsRecordedAsLateAndGivesNothingBack()
    {
        var (_, agent) = await StartAsync("settle-late", Tokens(100, "day"));
        var token = await ReserveAsync(agent, 60);
        silos.Clock.Advance(QuotaLimit.DefaultHold);
        await silos.FollowAsync();

        var late = await agent.SettleAsync(Used(token, 70));
        var again = await agent.SettleAsync(Used(token, 70));

        Assert.Equal((SettleStatus.Done, true, true, 70L), (late.Status, late.Late, late.Overrun, late.Limits[0].Used));
        Assert.Equal((true, 70L), (again.Replayed, again.Limits[0].Used));
        Assert.True((await agent.CancelAsync(token)).Late);
    }

    [Fact]
    public async Task Cancel_GivesEverythingBackOnce()
    {
        var (_, agent) = await StartAsync("cancel", Tokens(100));
        var token = await ReserveAsync(agent, 100);

        var cancelled = await agent.CancelAsync(token);
        var again = await agent.CancelAsync(token);

        Assert.Equal((SettleStatus.Done, false, 0L), (cancelled.Status, cancelled.Replayed, cancelled.Limits[0].Used));
        Assert.Equal((SettleStatus.Done, true, 0L), (again.Status, again.Replayed, again.Limits[0].Used));
        Assert.Equal(SettleStatus.Otherwise, (await agent.SettleAsync(Used(token, 10))).Status);
        Assert.True((await agent.AuthorizeAsync(Ask(100))).Decision.Allowed);
        Assert.False((await agent.AuthorizeAsync(Ask(1))).Decision.Allowed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("AAAA")]
    [InlineData("!!!")]
    [InlineData("another agent's")]
    public async Task Settle_OfNoReservationOfTheAgent_FindsNone(string token)
    {
        var (tenant, agent) = await StartAsync($"settle-none-{token.Length}", Tokens(100));
        if (token.StartsWith("another", StringComparison.Ordinal))
        {
            token = await ReserveAsync(await tenant.RegisterAsync("other"), 10);
        }

        Assert.Equal(SettleStatus.NotFound, (await agent.SettleAsync(Used(token, 1))).Status);
        Assert.Equal(SettleStatus.NotFound, (await agent.CancelAsync(token)).Status);
    }

    [Fact]
    public async Task Settle_WithAModelThatWasNotAuthorised_SaysSo()
    {
        var (_, agent) = await StartAsync("settle-drift", Tokens(100));
        var (same, other) = (await ReserveAsync(agent, 10), await ReserveAsync(agent, 10));

        Assert.False((await agent.SettleAsync(Used(same, 1) with { ResponseModel = "model/openai/gpt-4" })).ModelDrift);
        Assert.True((await agent.SettleAsync(Used(other, 1) with { ResponseModel = "model/openai/gpt-5" })).ModelDrift);
    }

    [Fact]
    public async Task Authorize_WithoutAnEstimate_ChargesTheLimitsOrIsDenied()
    {
        var (tenant, agent) = await StartAsync("estimate", Tokens(100));

        Assert.Equal("ESTIMATE_REQUIRED", (await agent.AuthorizeAsync(TestTenant.Ask())).Decision.ReasonCode);
        Assert.Equal("ESTIMATE_REQUIRED", (await agent.AuthorizeAsync(Ask(0))).Decision.ReasonCode);
        await tenant.PublishAsync(Tokens(100).Replace("\"window\"", "\"default_estimate\": 30, \"window\"", StringComparison.Ordinal));
        Assert.Equal(30, (await agent.AuthorizeAsync(TestTenant.Ask())).Quota!.Limits[0].Used);
    }

    [Fact]
    public async Task Authorize_AThousandDollarCallsUnderFiveDollars_AllowsFive()
    {
        var (_, agent) = await StartAsync("dollars", """{ "name": "p", "rules": [ { "allow": "*" } ], "limits": [ { "name": "l", "metric": "cost_usd", "limit": 5.00, "window": "day" } ] }""");
        var call = TestTenant.Ask() with { Estimate = new CallUsage(CostNanos: 1_000_000_000) };

        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => agent.AuthorizeAsync(call).AsTask()));
        var without = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => agent.AuthorizeAsync(TestTenant.Ask()).AsTask()));

        Assert.Equal(5, answers.Count(answer => answer.Decision.Allowed));
        Assert.All(answers.Where(answer => !answer.Decision.Allowed), answer => Assert.Equal("BUDGET_EXCEEDED", answer.Decision.ReasonCode));
        Assert.All(without, answer => Assert.Equal("PRICE_UNKNOWN", answer.Decision.ReasonCode));
    }

    [Fact]
    public async Task Authorize_TheSameRequestTenThousandTimesThroughTwoSilos_ChargesOnce()
    {
        var (tenant, agent) = await StartAsync("replay", Tokens(100_000));
        IAgentGrain[] doors = [agent, tenant.Agent("bot", silos.Second)];
        var call = Ask(7) with { RequestId = "once" };

        var answers = await Task.WhenAll(Enumerable.Range(0, 10_000).Select(number => doors[number % 2].AuthorizeAsync(call).AsTask()));

        Assert.All(answers, answer => Assert.True(answer.Decision.Allowed));
        Assert.Equal(9_999, answers.Count(answer => answer.Quota!.Replayed));
        Assert.Single(answers.Select(answer => answer.Quota!.Token).Distinct());
        Assert.All(answers.Where(answer => answer.Quota!.Replayed), answer => Assert.Empty(answer.Quota!.Charged));
        Assert.Equal(7, (await agent.GetUsageAsync(CancellationToken.None))!.Limits[0].Used);
        Assert.True((await agent.AuthorizeAsync(Ask(8) with { RequestId = "once" })).Quota!.IsOtherQuestion);

        await tenant.SuspendAsync("bot");
        Assert.Equal("AGENT_SUSPENDED", (await agent.AuthorizeAsync(call)).Decision.ReasonCode);
        await tenant.ResumeAsync("bot");
        await agent.SettleAsync(Used(answers[0].Quota!.Token!, 7));
        Assert.False((await agent.AuthorizeAsync(call)).Quota!.Replayed);
    }

    [Fact]
    public async Task Authorize_TheSameRequestAfterTwoMinutes_ChargesAgain()
    {
        var (_, agent) = await StartAsync("replay-late", Tokens(100));
        var call = Ask(7) with { RequestId = "once" };
        await agent.AuthorizeAsync(call);

        silos.Clock.Advance(ReservationBook.RequestsRemembered - TimeSpan.FromSeconds(1));
        await silos.FollowAsync();
        Assert.True((await agent.AuthorizeAsync(call)).Quota!.Replayed);
        silos.Clock.Advance(TimeSpan.FromSeconds(1));
        await silos.FollowAsync();
        Assert.False((await agent.AuthorizeAsync(call)).Quota!.Replayed);
    }

    [Fact]
    public async Task Authorize_TenThousandCallsThatNobodySettles_StayAtTheirCharge()
    {
        var (_, agent) = await StartAsync("abandoned", Tokens(1_000_000, "day"));
        for (var call = 0; call < 10_000; call++)
        {
            Assert.True((await agent.AuthorizeAsync(Ask(3))).Decision.Allowed);
        }

        silos.Clock.Advance(QuotaLimit.DefaultHold);
        await silos.FollowAsync();

        Assert.Equal(30_000, (await agent.GetUsageAsync(CancellationToken.None))!.Limits[0].Used);
        Assert.Equal(30_005, (await agent.AuthorizeAsync(Ask(5))).Quota!.Limits[0].Used);
    }

    [Fact]
    public async Task Adjust_GivesUnitsForATimeAndOnceAnId()
    {
        var (_, agent) = await StartAsync("adjust", Tokens(100));
        await ReserveAsync(agent, 100);
        var command = new AdjustCommand("p", "l", 50, "incident", TimeSpan.FromSeconds(20), "a1", "key");

        var adjusted = await agent.AdjustAsync(command);
        var again = await agent.AdjustAsync(command);

        Assert.Equal((150L, 50L, false), (adjusted.Limit!.Limit, adjusted.Limit.Remaining, adjusted.Replayed));
        Assert.Equal((150L, true), (again.Limit!.Limit, again.Replayed));
        Assert.Null((await agent.AdjustAsync(command with { Limit = "none" })).Limit);
        Assert.True((await agent.AuthorizeAsync(Ask(50))).Decision.Allowed);
        silos.Clock.Advance(TimeSpan.FromSeconds(21));
        await silos.FollowAsync();
        Assert.Equal((100L, 150L, 0L), ((await agent.GetUsageAsync(CancellationToken.None))!.Limits[0] is var limit ? (limit.Limit, limit.Used, limit.Remaining) : default));
    }

    private static string Tokens(long limit, string window = "1m") => $$"""
        { "name": "p", "rules": [ { "allow": "*" } ],
          "limits": [ { "name": "l", "metric": "input_tokens", "limit": {{limit}}, "window": "{{window}}" } ] }
        """;

    private static AuthorizeRequest Ask(long tokens) => TestTenant.Ask() with { Estimate = new CallUsage(InputTokens: tokens) };

    private static SettleCommand Used(string token, long tokens) => new(token, new CallUsage(InputTokens: tokens));

    private static async Task<string> ReserveAsync(IAgentGrain agent, long tokens)
    {
        var answer = await agent.AuthorizeAsync(Ask(tokens));
        Assert.True(answer.Decision.Allowed, answer.Decision.Reason);
        return answer.Quota!.Token!;
    }

    // At the beginning of a minute, so that no window ends within a test.
    private async Task<(TestTenant Tenant, IAgentGrain Agent)> StartAsync(string tenant, string policy)
    {
        silos.Clock.Advance(QuotaWindow.Parse("1m").At(silos.Clock.GetUtcNow()).End - silos.Clock.GetUtcNow());
        var created = await TestTenant.CreateAsync(silos, tenant);
        await created.PublishAsync(policy);
        await silos.FollowAsync();
        return (created, await created.RegisterAsync("bot"));
    }

    private void FailWrites(TestTenant tenant) =>
        silos.Faults.Arm("agent", GrainKeys.Of(tenant.Id, AgentId.Parse("bot")), StorageFault.BeforeCommit, times: 1_000_000);
}
