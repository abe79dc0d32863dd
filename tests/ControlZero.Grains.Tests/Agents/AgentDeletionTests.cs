using System.Collections.Immutable;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Evaluation;
using ControlZero.Grains.Agents;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Tests.Cluster;
using Orleans.Core.Internal;

namespace ControlZero.Grains.Tests.Agents;

/// <summary>What a deleted agent leaves behind: its number and what it used, and nothing that allows.</summary>
[Collection(TwoSilosCollection.Name)]
public sealed class AgentDeletionTests(TwoSilos silos)
{
    private const string Limited = """
        { "name": "p", "rules": [ { "allow": "*" } ], "limits": [ { "name": "few", "metric": "requests", "limit": 3, "window": "day" } ] }
        """;

    [Fact]
    public async Task Delete_ThenAuthorize_IsDeniedAsAnAgentThatNeverWas()
    {
        var tenant = await TestTenant.CreateAsync(silos, "delete-deny");
        await tenant.PublishAsync(TestTenant.AllowAll);
        var agent = await tenant.RegisterAsync("bot", null, ("team", "blue"));
        Assert.True((await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);

        var outcome = await DeleteAsync(agent);

        Assert.Equal(new DeleteAgentOutcome(DeleteAgentStatus.Done, 1), outcome);
        Assert.Equal(ReasonCodes.AgentUnknown, (await agent.AuthorizeAsync(TestTenant.Ask())).Decision.ReasonCode);
        Assert.Null(await agent.GetAsync(CancellationToken.None));
        Assert.Null(await agent.GetUsageAsync(CancellationToken.None));
        Assert.Equal(DeleteAgentStatus.NotRegistered, (await DeleteAsync(agent)).Status);
        await agent.Cast<IGrainManagementExtension>().DeactivateOnIdle();
        Assert.Equal(ReasonCodes.AgentUnknown, (await agent.AuthorizeAsync(TestTenant.Ask())).Decision.ReasonCode);
    }

    [Fact]
    public async Task Delete_OfAnotherVersionThanExpected_ChangesNothing()
    {
        var tenant = await TestTenant.CreateAsync(silos, "delete-version");
        var agent = await tenant.RegisterAsync("bot");

        Assert.Equal(new DeleteAgentOutcome(DeleteAgentStatus.VersionConflict, 1), await agent.DeleteAsync(2, CancellationToken.None));
        Assert.NotNull(await agent.GetAsync(CancellationToken.None));
        Assert.Equal(DeleteAgentStatus.Done, (await agent.DeleteAsync(1, CancellationToken.None)).Status);
    }

    [Fact]
    public async Task Delete_ThenPut_GoesOnWithTheNumbers_AndHasNoneOfTheOldLabelsLimitsAndCounters()
    {
        var tenant = await TestTenant.CreateAsync(silos, "delete-put");
        await tenant.PublishAsync(TestTenant.AllowAll);
        var agent = await tenant.RegisterAsync("bot", null, ("team", "blue"));
        await agent.AuthorizeAsync(TestTenant.Ask());
        await DeleteAsync(agent);

        var again = await agent.PutAsync(new PutAgentCommand(ImmutableSortedDictionary<string, string>.Empty, 0), CancellationToken.None);

        Assert.Equal((PutAgentStatus.Done, 3L, 0), (again.Status, again.Agent!.Version, again.Agent.Labels.Count));
        var usage = await agent.GetUsageAsync(CancellationToken.None);
        Assert.Equal((0L, 0L), (usage!.Allowed, usage.Denied));
    }

    [Fact]
    public async Task Delete_ThenRegisterAgain_MintsNoNewQuota()
    {
        var tenant = await TestTenant.CreateAsync(silos, "delete-quota", new TenantSettings { UnknownAgents = UnknownAgents.Allow });
        await tenant.PublishAsync(Limited);
        var agent = tenant.Agent("bot");
        var allowed = 0;
        for (var round = 0; round < 6; round++)
        {
            allowed += (await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed ? 1 : 0;
            Assert.Equal(DeleteAgentStatus.Done, (await DeleteAsync(agent)).Status);
        }

        Assert.Equal(3, allowed);
        Assert.Equal(ReasonCodes.QuotaExceeded, (await agent.AuthorizeAsync(TestTenant.Ask())).Decision.ReasonCode);
    }

    [Fact]
    public async Task Delete_OfASuspendedAgent_LeavesTheSuspension_WhereUnknownAgentsAreAllowedToo()
    {
        var tenant = await TestTenant.CreateAsync(silos, "delete-suspended", new TenantSettings { UnknownAgents = UnknownAgents.Allow });
        await tenant.PublishAsync(TestTenant.AllowAll);
        var agent = await tenant.RegisterAsync("bot");
        await tenant.SuspendAsync("bot");
        await DeleteAsync(agent);

        Assert.Equal(ReasonCodes.AgentSuspended, (await agent.AuthorizeAsync(TestTenant.Ask())).Decision.ReasonCode);
        Assert.Null(await agent.GetAsync(CancellationToken.None));
        await tenant.RegisterAsync("bot");
        Assert.Equal(ReasonCodes.AgentSuspended, (await agent.AuthorizeAsync(TestTenant.Ask())).Decision.ReasonCode);
        await tenant.ResumeAsync("bot");
        Assert.True((await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
    }

    [Fact]
    public async Task Delete_GivesThePlaceBack_AndOnlyOne()
    {
        var tenant = await TestTenant.CreateAsync(silos, "delete-place", new TenantSettings { MaxAgents = 2 });
        var one = await tenant.RegisterAsync("one");
        await tenant.RegisterAsync("two");
        Assert.Equal(PutAgentStatus.NoRoom, await PutAsync(tenant, "three"));

        await DeleteAsync(one);
        await DeleteAsync(one);
        await tenant.Grain.Cast<IGrainManagementExtension>().DeactivateOnIdle();

        Assert.Equal(PutAgentStatus.Done, await PutAsync(tenant, "three"));
        Assert.Equal(PutAgentStatus.NoRoom, await PutAsync(tenant, "four"));
    }

    [Theory]
    [InlineData(StorageFault.BeforeCommit)]
    [InlineData(StorageFault.AfterCommit)]
    public async Task Delete_WhoseWriteFails_LeavesTheAgentAsItWasOrGone(StorageFault fault)
    {
        var tenant = await TestTenant.CreateAsync(silos, $"delete-{fault}".ToLowerInvariant());
        await tenant.PublishAsync(TestTenant.AllowAll);
        var agent = await tenant.RegisterAsync("bot");
        await agent.AuthorizeAsync(TestTenant.Ask());
        silos.Faults.Arm("agent", GrainKeys.Of(tenant.Id, AgentId.Parse("bot")), fault);

        await Assert.ThrowsAnyAsync<Exception>(() => DeleteAsync(agent));

        // Whoever comes while the activation leaves is told to ask again; the next one decides by what is stored.
        await agent.Cast<IGrainManagementExtension>().DeactivateOnIdle();
        var isThere = await agent.GetAsync(CancellationToken.None) is not null;
        Assert.Equal(fault == StorageFault.BeforeCommit, isThere);
        Assert.Equal(isThere, (await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
    }

    [Fact]
    public async Task AForgottenActivationOfADeletedAgent_AllowsNothingPastTheBound()
    {
        var tenant = await TestTenant.CreateAsync(silos, "delete-forgotten");
        await tenant.PublishAsync(TestTenant.AllowAll);
        var agent = await tenant.RegisterAsync("bot", silos.Second);
        Assert.True((await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);

        // As another silo does it, of which this one does not hear but through the feed.
        await silos.RewriteAsync<AgentState>(
            AgentState.Name, AgentGrain.Type, GrainKeys.Of(tenant.Id, AgentId.Parse("bot")), _ => new AgentState { DeletedVersion = 2 });
        await silos.Of<ChangeFeed>(0).AppendAsync(Change.OfAgent(tenant.Id, AgentId.Parse("bot"), 2));
        silos.PassTheBound();

        Assert.Equal(ReasonCodes.AgentUnknown, (await agent.AuthorizeAsync(TestTenant.Ask())).Decision.ReasonCode);
        Assert.Null(await agent.GetUsageAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Delete_GoesToTheFeedBeforeItIsMade_AndARepetitionGoesThereAgain()
    {
        var tenant = await TestTenant.CreateAsync(silos, "delete-feed");
        var agent = await tenant.RegisterAsync("bot");
        silos.Faults.Arm("agent", GrainKeys.Of(tenant.Id, AgentId.Parse("bot")), StorageFault.AfterCommit);
        await Assert.ThrowsAnyAsync<Exception>(() => DeleteAsync(agent));
        var before = await WordAsync(tenant);

        await agent.Cast<IGrainManagementExtension>().DeactivateOnIdle();
        Assert.Equal(DeleteAgentStatus.NotRegistered, (await DeleteAsync(agent)).Status);
        var after = await WordAsync(tenant);

        Assert.Equal(("bot", 2UL, "bot", 2UL), (before.Subject, before.Version, after.Subject, after.Version));
        Assert.True(after.Sequence > before.Sequence);
    }

    // A forgotten activation that heard the word before the write has looked too early, and looks again only when there is another one.
    [Fact]
    public async Task Delete_ThatIsMade_GoesToTheFeedAgain()
    {
        var tenant = await TestTenant.CreateAsync(silos, "delete-again");
        var agent = await tenant.RegisterAsync("bot");
        var before = await SequenceAsync();

        await DeleteAsync(agent);

        Assert.Equal((before + 2, before + 2), (await SequenceAsync(), (await WordAsync(tenant)).Sequence));
    }

    private static Task<DeleteAgentOutcome> DeleteAsync(IAgentGrain agent) => agent.DeleteAsync(null, CancellationToken.None);

    private static async Task<PutAgentStatus> PutAsync(TestTenant tenant, string agent) =>
        (await tenant.Agent(agent).PutAsync(new PutAgentCommand(ImmutableSortedDictionary<string, string>.Empty, null), CancellationToken.None)).Status;

    private async Task<long> SequenceAsync() => (await silos.Of<ChangeFeed>(0).ReadAsync(CancellationToken.None)).Sequence;

    private async Task<Change> WordAsync(TestTenant tenant) =>
        (await silos.Of<ChangeFeed>(0).ReadAsync(CancellationToken.None)).Changes.Single(change => change.Tenant == tenant.Id && change.Kind == ChangeKind.Agent);
}
