using ControlZero.Abstractions;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine;
using ControlZero.Engine.Evaluation;
using ControlZero.Grains.Tenants;
using ControlZero.Grains.Tests.Cluster;

namespace ControlZero.Grains.Tests.Tenants;

[Collection(TwoSilosCollection.Name)]
public sealed class SuspensionTests(TwoSilos silos)
{
    private const string AllowAll = """{ "name": "p", "rules": [ { "allow": "*" } ] }""";

    private static readonly SuspendCommand WholeTenant = new(SuspensionTarget.Tenant, "", "unpaid", "test");

    [Fact]
    public async Task SuspendAgent_Acknowledged_StopsItOnBothSilosAtOnce_AndNoOther()
    {
        var tenant = await TestTenant.CreateAsync(silos, "suspend-agent");
        await tenant.PublishAsync(AllowAll);
        var stopped = await tenant.RegisterAsync("stopped", silos.Second);
        var other = await tenant.RegisterAsync("other", silos.Second);
        Assert.True((await stopped.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);

        var outcome = await tenant.SuspendAsync("stopped", "it ran away");

        Assert.Equal((SuspensionStatus.Changed, 2UL), (outcome.Status, outcome.Epoch));
        Assert.Equal(new[] { silos.NameOf(0), silos.NameOf(1) }.Order(StringComparer.Ordinal), outcome.Acknowledgement!.Silos);
        Assert.Empty(outcome.Acknowledgement.Pending);
        var answer = await stopped.AuthorizeAsync(TestTenant.Ask());
        Assert.Equal(
            (ReasonCodes.AgentSuspended, SyntheticRules.AgentSuspended, "the agent is suspended: it ran away", 2UL),
            (answer.Decision.ReasonCode, answer.Decision.RuleId, answer.Decision.Reason, answer.Epoch));
        Assert.Equal(ReasonCodes.AgentSuspended, (await stopped.ExplainAsync(TestTenant.Ask())).Authorization.Decision.ReasonCode);
        Assert.True((await other.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
        Assert.Equal(1, (await stopped.GetUsageAsync(CancellationToken.None))!.Denied);
    }

    [Fact]
    public async Task ResumeAgent_Acknowledged_LetsItGoOn()
    {
        var tenant = await TestTenant.CreateAsync(silos, "resume-agent");
        await tenant.PublishAsync(AllowAll);
        var agent = await tenant.RegisterAsync("bot", silos.Second);
        await tenant.SuspendAsync("bot");
        Assert.False((await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);

        var outcome = await tenant.ResumeAsync("bot");

        Assert.Equal((SuspensionStatus.Changed, 3UL), (outcome.Status, outcome.Epoch));
        Assert.True((await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
    }

    [Fact]
    public async Task SuspendTenant_StopsEveryAgentOfIt_AndNoOtherTenant()
    {
        var tenant = await TestTenant.CreateAsync(silos, "suspend-tenant", new TenantSettings { UnknownAgents = UnknownAgents.Allow });
        var other = await TestTenant.CreateAsync(silos, "suspend-tenant-not", new TenantSettings { UnknownAgents = UnknownAgents.Allow });
        await tenant.PublishAsync(AllowAll);
        await other.PublishAsync(AllowAll);

        await tenant.Grain.SuspendAsync(WholeTenant, CancellationToken.None);

        Assert.Equal(
            (ReasonCodes.TenantSuspended, "the tenant is suspended: unpaid"),
            ((await tenant.Agent("bot").AuthorizeAsync(TestTenant.Ask())).Decision is var decision ? decision.ReasonCode : "", decision.Reason));
        Assert.True((await other.Agent("bot").AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
        await tenant.Grain.ResumeAsync(SuspensionTarget.Tenant, "", CancellationToken.None);
        Assert.True((await tenant.Agent("bot").AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
    }

    [Fact]
    public async Task SuspendAgent_ThatIsNotRegistered_KeepsItFromBeingRegistered()
    {
        var tenant = await TestTenant.CreateAsync(silos, "suspend-unknown", new TenantSettings { UnknownAgents = UnknownAgents.Allow });
        await tenant.PublishAsync(AllowAll);
        await tenant.SuspendAsync("stranger");

        var answer = await tenant.Agent("stranger").AuthorizeAsync(TestTenant.Ask());

        Assert.Equal(ReasonCodes.AgentSuspended, answer.Decision.ReasonCode);
        Assert.Null(await tenant.Agent("stranger").GetAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Suspend_Again_ChangesNothingAndTellsEverySiloAgain()
    {
        var tenant = await TestTenant.CreateAsync(silos, "suspend-twice");
        var first = await tenant.SuspendAsync("bot", "first");

        var second = await tenant.SuspendAsync("bot", "second");

        Assert.Equal((SuspensionStatus.Unchanged, first.Epoch, "first"), (second.Status, second.Epoch, second.Suspension!.Reason));
        Assert.Equal(2, second.Acknowledgement!.Silos.Length);
    }

    [Fact]
    public async Task Resume_OfWhatIsNotSuspended_ChangesNothing()
    {
        var tenant = await TestTenant.CreateAsync(silos, "resume-none");

        var outcome = await tenant.ResumeAsync("bot");

        Assert.Equal((SuspensionStatus.Unchanged, 0UL), (outcome.Status, outcome.Epoch));
    }

    [Fact]
    public async Task Suspend_InATenantThatIsNotThere_SaysSo()
    {
        var nowhere = silos.First.GetGrain<ITenantGrain>(GrainKeys.Of(TenantId.Parse("suspend-nowhere")));

        Assert.Equal(SuspensionStatus.TenantUnknown, (await nowhere.SuspendAsync(WholeTenant, CancellationToken.None)).Status);
        Assert.Equal(
            SuspensionStatus.TenantUnknown, (await nowhere.ResumeAsync(SuspensionTarget.Tenant, "", CancellationToken.None)).Status);
    }

    [Fact]
    public async Task Suspend_OneMoreThanATenantMayHave_IsRefused()
    {
        var tenant = await TestTenant.CreateAsync(silos, "suspend-full");
        var one = (await tenant.SuspendAsync("bot-0")).Suspension!;
        await silos.RewriteAsync<TenantState>(TenantState.Name, TenantGrain.Type, GrainKeys.Of(tenant.Id), state => state with
        {
            Manifest = state.Manifest! with
            {
                Epoch = state.Manifest.Epoch + 1,
                Suspensions = [.. Enumerable.Range(0, Limits.TenantMaxSuspensions - 1).Select(number => one with { Subject = $"bot-{number}" })],
            },
        });
        await Assert.ThrowsAnyAsync<Exception>(() => tenant.SuspendAsync("bot-last"));
        Assert.Equal(SuspensionStatus.Changed, (await tenant.SuspendAsync("bot-last")).Status);

        Assert.Equal(SuspensionStatus.TooMany, (await tenant.SuspendAsync("bot-more")).Status);
        Assert.Equal(SuspensionStatus.Unchanged, (await tenant.SuspendAsync("bot-7")).Status);
    }

    [Fact]
    public async Task Publish_OverASuspension_DoesNotLiftIt()
    {
        var tenant = await TestTenant.CreateAsync(silos, "suspend-publish");
        var agent = await tenant.RegisterAsync("bot");
        await tenant.SuspendAsync("bot");

        await tenant.PublishAsync(AllowAll);

        Assert.Equal(ReasonCodes.AgentSuspended, (await agent.AuthorizeAsync(TestTenant.Ask())).Decision.ReasonCode);
    }
}
