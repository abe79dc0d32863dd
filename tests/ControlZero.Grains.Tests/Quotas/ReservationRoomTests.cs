using System.Collections.Immutable;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Quotas;
using ControlZero.Engine.Quotas;
using ControlZero.Grains.Tests.Cluster;

namespace ControlZero.Grains.Tests.Quotas;

/// <summary>What reservations an agent and a silo keep has an end, and what then becomes of calls.</summary>
[Collection(TwoSilosCollection.Name)]
public sealed class ReservationRoomTests(TwoSilos silos)
{
    private const string Policy = """
        { "name": "p", "rules": [ { "allow": "*" } ], "limits": [
          { "name": "parallel", "metric": "in_flight", "limit": 5, "action": "tool.run" },
          { "name": "tokens", "metric": "input_tokens", "limit": 1000000, "window": "day" } ] }
        """;

    private ReservationBudget Budget => silos.Of<ReservationBudget>(0);

    [Fact]
    public async Task Authorize_MoreCallsThanAnAgentKeeps_WhileOneIsUnderWay_EndsTheOldestAndNotThatOne()
    {
        var (_, agent) = await StartAsync("room-agent");
        var before = Budget.Count;
        var call = await AllowedAsync(agent, Run(10));
        var oldest = await AllowedAsync(agent, Ask(10));
        ImmutableArray<AuthorizeRequest> many = [.. Enumerable.Repeat(Ask(1), 256)];
        for (var batch = 0; batch < 140; batch++)
        {
            Assert.All(await agent.AuthorizeManyAsync(many), answer => Assert.True(answer.Decision.Allowed, answer.Decision.Reason));
        }

        Assert.Equal(ReservationBook.Capacity, Budget.Count - before);
        Assert.Equal((1L, 20L + (140 * 256)), await UsedAsync(agent));

        // What ended early stays at its charge; it is told how the call ended all the same, and what was used beyond counts once.
        var late = await agent.SettleAsync(Used(oldest, 4));
        Assert.Equal((SettleStatus.Done, true, false), (late.Status, late.Late, late.Replayed));
        Assert.Equal((true, 1L, 20L + (140 * 256)), ((await agent.CancelAsync(oldest)).Late, (await UsedAsync(agent)).Calls, (await UsedAsync(agent)).Tokens));
        Assert.False((await agent.SettleAsync(Used(call, 12))).Late);
        Assert.Equal((0L, 22L + (140 * 256)), await UsedAsync(agent));
        Assert.True((await agent.SettleAsync(Used(call, 12))).Replayed);
        Assert.Equal((0L, 22L + (140 * 256)), await UsedAsync(agent));
        await silos.Cluster.DeactivateAsync(agent);
        Assert.Equal(before, Budget.Count);
    }

    [Fact]
    public async Task Authorize_WhereTheSiloHasNoRoom_DeniesCallsInFlightAndEndsOthersAtTheirCharge()
    {
        var (_, agent) = await StartAsync("room-silo");
        var taken = 0;
        for (; Budget.TryTake(inFlight: true); taken++)
        {
        }

        try
        {
            var denied = (await agent.AuthorizeAsync(Run(10)));
            Assert.Equal("CONCURRENCY_EXCEEDED", denied.Decision.ReasonCode);
            Assert.Contains("limit `parallel` of policy `p`", denied.Decision.Reason, StringComparison.Ordinal);
            Assert.Contains("1000000", denied.Decision.Reason, StringComparison.Ordinal);
            Assert.Equal((null, TimeSpan.FromSeconds(1)), (denied.Quota!.Token, denied.Quota.RetryAfter));
            Assert.Equal((0L, 0L), await UsedAsync(agent));

            var allowed = await agent.AuthorizeAsync(Ask(10));
            Assert.Equal((true, silos.Clock.GetUtcNow()), (allowed.Decision.Allowed, allowed.Quota!.ExpiresAt));
            var settled = await agent.SettleAsync(Used(allowed.Quota.Token!, 15));
            var again = await agent.SettleAsync(Used(allowed.Quota.Token!, 15));
            Assert.Equal((SettleStatus.Done, true, true, false), (settled.Status, settled.Late, settled.Overrun, settled.Replayed));
            Assert.Equal((SettleStatus.Done, true, true), (again.Status, again.Late, again.Replayed));
            Assert.Equal((0L, 15L), await UsedAsync(agent));

            // Of several that are charged together and then not, as when units must be reserved for the last, nothing is left.
            var together = await agent.AuthorizeManyAsync([Ask(1), Run(1), Ask(900_000), Ask(90_000), Ask(9_000)]);
            Assert.Equal([true, false, true, true, true], together.Select(answer => answer.Decision.Allowed));
            Assert.Equal((0L, 15L + 999_001), await UsedAsync(agent));
        }
        finally
        {
            Budget.Return(taken);
        }

        Assert.True((await agent.AuthorizeAsync(Run(1))).Decision.Allowed);
    }

    [Theory]
    [InlineData("deactivated")]
    [InlineData("deleted")]
    [InlineData("given up")]
    [InlineData("storage away")]
    public async Task Activation_HoweverItEnds_LeavesNoRoomTaken(string end)
    {
        var (tenant, agent) = await StartAsync($"room-{end.Replace(' ', '-')}");
        var before = Budget.Count;
        using var given = new CancellationTokenSource();
        if (end == "given up")
        {
            var activation = silos.Activations.Of(agent);
            await Activations.RunAsync(activation, () => ((IGrainBase)activation.GrainInstance!).OnActivateAsync(given.Token));
        }

        var token = await AllowedAsync(agent, Run(10));
        await AllowedAsync(agent, Ask(10));
        await agent.SettleAsync(Used(await AllowedAsync(agent, Ask(10)), 5));
        Assert.Equal(3, Budget.Count - before);

        switch (end)
        {
            case "deactivated":
                await silos.Cluster.DeactivateAsync(agent);
                break;
            case "deleted":
                await agent.DeleteAsync(null, CancellationToken.None);
                break;
            case "given up":
                await given.CancelAsync();
                break;
            default:
                silos.Faults.Arm("agent", GrainKeys.Of(tenant.Id, AgentId.Parse("bot")), StorageFault.BeforeCommit, times: 1_000_000);
                await silos.Cluster.DeactivateAsync(agent);
                silos.Faults.Disarm();
                break;
        }

        Assert.Equal(before, Budget.Count);
        await agent.SettleAsync(Used(token, 5));
        await agent.CancelAsync(token);
        Assert.Equal(before, Budget.Count);
    }

    private static AuthorizeRequest Ask(long tokens) => TestTenant.Ask() with { Estimate = new CallUsage(InputTokens: tokens) };

    private static AuthorizeRequest Run(long tokens) => Ask(tokens) with { Action = "tool.run" };

    private static SettleCommand Used(string token, long tokens) => new(token, new CallUsage(InputTokens: tokens));

    private static async Task<string> AllowedAsync(IAgentGrain agent, AuthorizeRequest request)
    {
        var answer = await agent.AuthorizeAsync(request);
        Assert.True(answer.Decision.Allowed, answer.Decision.Reason);
        return answer.Quota!.Token!;
    }

    private static async Task<(long Calls, long Tokens)> UsedAsync(IAgentGrain agent)
    {
        var limits = (await agent.GetUsageAsync(CancellationToken.None))!.Limits;
        return (limits.Single(limit => limit.Name == "parallel").Used, limits.Single(limit => limit.Name == "tokens").Used);
    }

    private async Task<(TestTenant Tenant, IAgentGrain Agent)> StartAsync(string name)
    {
        var tenant = await TestTenant.CreateAsync(silos, name);
        await tenant.PublishAsync(Policy);
        await silos.FollowAsync();
        return (tenant, await tenant.RegisterAsync("bot", silos.First));
    }
}
