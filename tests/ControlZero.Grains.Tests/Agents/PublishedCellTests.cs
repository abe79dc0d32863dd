using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Evaluation;
using ControlZero.Grains.Agents;
using ControlZero.Grains.Tests.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace ControlZero.Grains.Tests.Agents;

/// <summary>What a front door finds in the silo of an agent, and what its grain does with it.</summary>
[Collection(TwoSilosCollection.Name)]
public sealed class PublishedCellTests(TwoSilos silos)
{
    private const string AllowA = """{ "name": "p", "rules": [ { "id": "r", "allow": "llm.generate", "resource": "model/a/*" } ] }""";

    [Fact]
    public async Task Cell_OfARegisteredAgent_IsInItsSiloAlone()
    {
        var tenant = await TestTenant.CreateAsync(silos, "cell-where");
        await tenant.RegisterAsync("bot", silos.Second);

        Assert.Null(Find(tenant, "bot"));
        Assert.NotNull(Find(tenant, "bot", silo: 1));
    }

    [Theory]
    [InlineData(UnknownAgents.Deny)]
    [InlineData(UnknownAgents.Allow)]
    public async Task Cell_OfAnAgentNobodyRegistered_IsNotThere(UnknownAgents unknown)
    {
        var tenant = await TestTenant.CreateAsync(silos, $"cell-unknown-{unknown}".ToLowerInvariant(), new TenantSettings { UnknownAgents = unknown });
        await tenant.PublishAsync(AllowA);

        await tenant.Agent("bot").AuthorizeAsync(TestTenant.Ask("model/a/x") with { DryRun = true });
        await tenant.Agent("bot").ExplainAsync(TestTenant.Ask("model/a/x"));

        Assert.Null(Find(tenant, "bot"));
    }

    [Fact]
    public async Task Cell_OfAnAgentItsTenantHasNoRoomFor_IsNotThere()
    {
        var tenant = await TestTenant.CreateAsync(
            silos, "cell-full", new TenantSettings { UnknownAgents = UnknownAgents.Allow, MaxAgents = 1 });
        await tenant.PublishAsync(AllowA);
        await tenant.Agent("first").AuthorizeAsync(TestTenant.Ask("model/a/x"));

        var second = await tenant.Agent("second").AuthorizeAsync(TestTenant.Ask("model/a/x"));

        Assert.Equal(ReasonCodes.AgentUnknown, second.Decision.ReasonCode);
        Assert.NotNull(Find(tenant, "first"));
        Assert.Null(Find(tenant, "second"));
    }

    [Fact]
    public async Task Put_NewLabels_DecideTheCellsNextRequest()
    {
        var tenant = await TestTenant.CreateAsync(silos, "cell-labels");
        await tenant.PublishAsync("""
            { "name": "p", "rules": [ { "id": "finance", "allow": "llm.*", "when": { "agent.labels.team": "finance" } } ] }
            """);
        await (await tenant.RegisterAsync("bot", null, ("team", "sales"))).AuthorizeAsync(TestTenant.Ask());
        var cell = Find(tenant, "bot")!;
        Assert.False(cell.Decide(TestTenant.Ask())!.Decision.Allowed);

        await tenant.RegisterAsync("bot", null, ("team", "finance"));

        Assert.Equal("finance", cell.Decide(TestTenant.Ask())!.Decision.RuleId);
    }

    [Fact]
    public async Task Put_NewLabelsThatAreNotStoredYet_DecideNothing()
    {
        var tenant = await TestTenant.CreateAsync(silos, "cell-labels-stored");
        await tenant.PublishAsync("""
            { "name": "p", "rules": [ { "id": "finance", "allow": "llm.*", "when": { "agent.labels.team": "finance" } } ] }
            """);
        await (await tenant.RegisterAsync("bot", null, ("team", "sales"))).AuthorizeAsync(TestTenant.Ask());
        var cell = Find(tenant, "bot")!;

        Authorization? meanwhile = null;
        silos.Faults.During("agent", GrainKeys.Of(tenant.Id, AgentId.Parse("bot")), () => meanwhile = cell.Decide(TestTenant.Ask()));
        await tenant.RegisterAsync("bot", null, ("team", "finance"));

        Assert.False(meanwhile!.Decision.Allowed);
        Assert.True(cell.Decide(TestTenant.Ask())!.Decision.Allowed);
    }

    [Theory]
    [InlineData(StorageFault.BeforeCommit, "sales")]
    [InlineData(StorageFault.AfterCommit, "finance")]
    public async Task Put_ThatFails_LeavesNoCellAndWhatIsReallyStored(StorageFault fault, string stored)
    {
        var tenant = await TestTenant.CreateAsync(silos, $"cell-put-{fault}".ToLowerInvariant());
        await tenant.PublishAsync(AllowA);
        var agent = await tenant.RegisterAsync("bot", null, ("team", "sales"));
        await agent.AuthorizeAsync(TestTenant.Ask("model/a/x"));
        var cell = Find(tenant, "bot")!;

        Authorization? meanwhile = null;
        silos.Faults.During("agent", GrainKeys.Of(tenant.Id, AgentId.Parse("bot")), () => meanwhile = cell.Decide(TestTenant.Ask("model/a/x")));
        silos.Faults.Arm("agent", GrainKeys.Of(tenant.Id, AgentId.Parse("bot")), fault);
        await Assert.ThrowsAnyAsync<Exception>(() => tenant.RegisterAsync("bot", null, ("team", "finance")));

        Assert.True(meanwhile!.Decision.Allowed);
        Assert.Null(cell.Decide(TestTenant.Ask("model/a/x")));
        Assert.Equal(stored, (await agent.GetAsync(CancellationToken.None))!.Labels["team"]);
        Assert.NotSame(cell, Find(tenant, "bot"));
    }

    [Fact]
    public async Task Publish_Acknowledged_DecidesTheCellsNextRequest()
    {
        var tenant = await TestTenant.CreateAsync(silos, "cell-publish");
        await tenant.PublishAsync(AllowA);
        foreach (var (agent, silo) in new[] { ("here", silos.First), ("there", silos.Second) })
        {
            await (await tenant.RegisterAsync(agent, silo)).AuthorizeAsync(TestTenant.Ask("model/a/x"));
        }

        var cells = new[] { Find(tenant, "here")!, Find(tenant, "there", silo: 1)! };
        Assert.All(cells, cell => Assert.True(cell.Decide(TestTenant.Ask("model/a/x"))!.Decision.Allowed));

        var outcome = await tenant.PublishAsync(AllowA.Replace("allow", "deny", StringComparison.Ordinal));

        Assert.All(cells, cell =>
        {
            var answer = cell.Decide(TestTenant.Ask("model/a/x"))!;
            Assert.Equal((false, outcome.Epoch), (answer.Decision.Allowed, answer.Epoch));
        });
    }

    [Fact]
    public async Task Usage_CountedOnTheCellAndByTheGrain_IsOneSum()
    {
        var tenant = await TestTenant.CreateAsync(silos, "cell-usage");
        await tenant.PublishAsync(AllowA);
        var agent = await tenant.RegisterAsync("bot");
        await agent.AuthorizeManyAsync([TestTenant.Ask("model/a/x"), TestTenant.Ask("model/b/x")]);
        var cell = Find(tenant, "bot")!;
        cell.Decide(TestTenant.Ask("model/a/x"));
        cell.Decide(TestTenant.Ask("model/a/x") with { DryRun = true });

        Assert.Equal((2L, 1L), await CountedAsync(agent));
        await tenant.RegisterAsync("bot");
        cell.Decide(TestTenant.Ask("model/b/x"));
        Assert.Equal((2L, 2L), await CountedAsync(agent));
        await silos.Cluster.DeactivateAsync(agent);
        Assert.Equal((2L, 2L), await CountedAsync(agent));
    }

    [Fact]
    public async Task Usage_SomeTimeAfterADecision_IsStored()
    {
        var tenant = await TestTenant.CreateAsync(silos, "cell-saved");
        await tenant.PublishAsync(AllowA);
        await (await tenant.RegisterAsync("bot")).AuthorizeAsync(TestTenant.Ask("model/a/x"));
        var cell = Find(tenant, "bot")!;
        cell.Decide(TestTenant.Ask("model/b/x"));
        Assert.Equal((0L, 0L), await StoredAsync(tenant, "bot"));

        silos.Clock.Advance(UsageSaver.Wait);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await StoredAsync(tenant, "bot") is (0, 0))
        {
            limit.Token.ThrowIfCancellationRequested();
            silos.Clock.Advance(UsageSaver.Pause);
        }

        Assert.Equal((1L, 1L), await StoredAsync(tenant, "bot"));
        Assert.Same(cell, Find(tenant, "bot"));
    }

    [Theory]
    [InlineData(StorageFault.BeforeCommit)]
    [InlineData(StorageFault.AfterCommit)]
    public async Task Usage_ThatCouldNotBeSaved_LeavesTheAgentWhereItIs_AndIsCountedOnce(StorageFault fault)
    {
        var tenant = await TestTenant.CreateAsync(silos, $"cell-unsaved-{fault}".ToLowerInvariant());
        await tenant.PublishAsync(AllowA);
        var agent = await tenant.RegisterAsync("bot", null, ("team", "sales"));
        await agent.AuthorizeAsync(TestTenant.Ask("model/a/x"));
        var cell = Find(tenant, "bot")!;
        var saving = silos.Cluster.Client.GetGrain<IAgentUsageGrain>(GrainKeys.Of(tenant.Id, AgentId.Parse("bot")));
        silos.Faults.Arm("agent", GrainKeys.Of(tenant.Id, AgentId.Parse("bot")), fault);
        await saving.SaveUsageAsync(CancellationToken.None);

        Assert.True(cell.Decide(TestTenant.Ask("model/a/x"))!.Decision.Allowed);
        Assert.Equal((2L, 0L), await CountedAsync(agent));
        await tenant.RegisterAsync("bot", null, ("team", "finance"));
        cell.Decide(TestTenant.Ask("model/b/x"));
        Assert.Equal((2L, 1L), await CountedAsync(agent));
        await saving.SaveUsageAsync(CancellationToken.None);

        Assert.Same(cell, Find(tenant, "bot"));
        Assert.Equal((2L, 1L), await StoredAsync(tenant, "bot"));
        Assert.Equal("finance", (await agent.GetAsync(CancellationToken.None))!.Labels["team"]);
    }

    private AgentCell? Find(TestTenant tenant, string agent, int silo = 0) =>
        silos.Cluster.Silos[silo].ServiceProvider.GetRequiredService<AgentCells>().Find(tenant.Id, AgentId.Parse(agent));

    private async Task<(long Allowed, long Denied)> StoredAsync(TestTenant tenant, string agent)
    {
        var state = new GrainState<AgentState>(new AgentState());
        await silos.Cluster.Silos[0].ServiceProvider.GetRequiredKeyedService<IGrainStorage>(StorageNames.State)
            .ReadStateAsync("agent", tenant.Agent(agent).GetGrainId(), state);
        return (state.State!.Allowed, state.State.Denied);
    }

    private static async Task<(long Allowed, long Denied)> CountedAsync(IAgentGrain agent)
    {
        var usage = await agent.GetUsageAsync(CancellationToken.None);
        return (usage!.Allowed, usage.Denied);
    }
}
