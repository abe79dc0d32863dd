using System.Collections.Immutable;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Evaluation;
using ControlZero.Grains.Tests.Cluster;
using Orleans.Core.Internal;

namespace ControlZero.Grains.Tests.Agents;

[Collection(TwoSilosCollection.Name)]
public sealed class AgentTests(TwoSilos silos)
{
    private const string AllowAll = """{ "name": "p", "rules": [ { "allow": "*" } ] }""";

    [Fact]
    public async Task Authorize_AnUnknownAgent_IsDeniedAndNothingIsStored()
    {
        var tenant = await TestTenant.CreateAsync(silos, "unknown-deny");
        await tenant.PublishAsync(AllowAll);

        var answer = await tenant.Agent("stranger").AuthorizeAsync(TestTenant.Ask());

        Assert.False(answer.Decision.Allowed);
        Assert.Equal(ReasonCodes.AgentUnknown, answer.Decision.ReasonCode);
        Assert.Null(await tenant.Agent("stranger").GetUsageAsync(CancellationToken.None));
        Assert.Null(await tenant.Agent("stranger").GetAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Authorize_AnUnknownAgentWhereTheyAreAllowed_RegistersItOnFirstUse()
    {
        var tenant = await TestTenant.CreateAsync(silos, "unknown-allow", new TenantSettings { UnknownAgents = UnknownAgents.Allow });
        await tenant.PublishAsync(AllowAll);

        var answer = await tenant.Agent("newcomer").AuthorizeAsync(TestTenant.Ask());

        Assert.True(answer.Decision.Allowed);
        Assert.Equal(1, (await tenant.Agent("newcomer").GetAsync(CancellationToken.None))!.Version);
    }

    [Fact]
    public async Task Authorize_OneAgentMoreThanTheTenantHasRoomFor_IsDenied()
    {
        var tenant = await TestTenant.CreateAsync(
            silos, "unknown-full", new TenantSettings { UnknownAgents = UnknownAgents.Allow, MaxAgents = 10 });
        await tenant.PublishAsync(AllowAll);

        var answers = await Task.WhenAll(Enumerable.Range(0, 25).Select(number =>
            tenant.Agent($"bot-{number}", number % 2 == 0 ? silos.First : silos.Second).AuthorizeAsync(TestTenant.Ask()).AsTask()));

        Assert.Equal(10, answers.Count(answer => answer.Decision.Allowed));
        Assert.Equal(15, answers.Count(answer => answer.Decision.ReasonCode == ReasonCodes.AgentUnknown));
    }

    [Fact]
    public async Task Authorize_NewAgentsOfOneBlockOfPlaces_WriteTheTenantOnce()
    {
        var tenant = await TestTenant.CreateAsync(silos, "unknown-block", new TenantSettings { UnknownAgents = UnknownAgents.Allow });
        await tenant.PublishAsync(AllowAll);
        await tenant.Agent("first").AuthorizeAsync(TestTenant.Ask());

        silos.Faults.Arm("tenant", tenant.Id.Value, StorageFault.BeforeCommit);
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(number =>
            tenant.Agent($"bot-{number}").AuthorizeAsync(TestTenant.Ask()).AsTask()));

        Assert.All(answers, answer => Assert.True(answer.Decision.Allowed));
        await Assert.ThrowsAnyAsync<Exception>(() => tenant.PublishAsync(AllowAll.Replace("allow", "deny", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Authorize_TenantThatLeftItsSiloInOrder_HasRoomForAsManyAgentsAsBefore()
    {
        const int maxAgents = 128;
        var tenant = await TestTenant.CreateAsync(
            silos, "unknown-returned", new TenantSettings { UnknownAgents = UnknownAgents.Allow, MaxAgents = maxAgents });
        await tenant.PublishAsync(AllowAll);
        await tenant.Agent("first").AuthorizeAsync(TestTenant.Ask());

        await tenant.Grain.Cast<IGrainManagementExtension>().DeactivateOnIdle();
        var answers = await Task.WhenAll(Enumerable.Range(0, maxAgents).Select(number =>
            tenant.Agent($"bot-{number}").AuthorizeAsync(TestTenant.Ask()).AsTask()));

        Assert.Equal(maxAgents - 1, answers.Count(answer => answer.Decision.Allowed));
    }

    [Fact]
    public async Task Authorize_TenantWhoseWriteFailedWithPlacesLeft_NeverStoresWhatFailed()
    {
        var tenant = await TestTenant.CreateAsync(silos, "unknown-failed", new TenantSettings { UnknownAgents = UnknownAgents.Allow });
        await tenant.PublishAsync(AllowAll);
        await tenant.Agent("first").AuthorizeAsync(TestTenant.Ask());

        silos.Faults.Arm("tenant", tenant.Id.Value, StorageFault.BeforeCommit);
        await Assert.ThrowsAnyAsync<Exception>(() => tenant.PublishAsync(AllowAll.Replace("allow", "deny", StringComparison.Ordinal)));

        Assert.Equal(1UL, (await tenant.Grain.GetManifestAsync(CancellationToken.None))!.Epoch);
        Assert.True((await tenant.Agent("second").AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
    }

    [Fact]
    public async Task Put_NewLabels_DecideTheNextRequest()
    {
        var tenant = await TestTenant.CreateAsync(silos, "labels");
        await tenant.PublishAsync("""
            { "name": "p", "rules": [ { "id": "finance", "allow": "llm.*", "when": { "agent.labels.team": "finance" } } ] }
            """);
        var agent = await tenant.RegisterAsync("bot", null, ("team", "sales"));
        Assert.False((await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);

        await tenant.RegisterAsync("bot", null, ("team", "finance"));

        Assert.Equal("finance", (await agent.AuthorizeAsync(TestTenant.Ask())).Decision.RuleId);
    }

    [Theory]
    [InlineData(0L)]
    [InlineData(5L)]
    public async Task Put_OverAnotherVersionThanExpected_IsRefused(long expected)
    {
        var tenant = await TestTenant.CreateAsync(silos, $"put-conflict-{expected}");
        var agent = await tenant.RegisterAsync("bot", null, ("team", "sales"));

        var outcome = await agent.PutAsync(
            new PutAgentCommand(ImmutableSortedDictionary<string, string>.Empty, expected), CancellationToken.None);

        Assert.Equal(PutAgentStatus.VersionConflict, outcome.Status);
        Assert.Equal("sales", (await agent.GetAsync(CancellationToken.None))!.Labels["team"]);
    }

    [Fact]
    public async Task Usage_CountsEachAnswer_AndOutlivesTheActivation()
    {
        var tenant = await TestTenant.CreateAsync(silos, "usage");
        await tenant.PublishAsync("""{ "name": "p", "rules": [ { "allow": "llm.generate", "resource": "model/a/*" } ] }""");
        var agent = await tenant.RegisterAsync("bot");
        for (var number = 0; number < 3; number++)
        {
            await agent.AuthorizeAsync(TestTenant.Ask("model/a/x"));
        }

        await agent.AuthorizeAsync(TestTenant.Ask("model/b/x"));
        await silos.Cluster.DeactivateAsync(agent);

        var usage = await agent.GetUsageAsync(CancellationToken.None);
        Assert.Equal((3L, 1L), (usage!.Allowed, usage.Denied));
        Assert.Equal(silos.Clock.GetUtcNow(), usage.LastDecisionAt);
    }

    [Fact]
    public async Task Explain_AnAgent_GivesTheSameAnswerAndCountsNothing()
    {
        var tenant = await TestTenant.CreateAsync(silos, "explain");
        await tenant.PublishAsync(AllowAll);
        var agent = await tenant.RegisterAsync("bot");

        var explained = await agent.ExplainAsync(TestTenant.Ask());
        var answer = await agent.AuthorizeAsync(TestTenant.Ask());

        Assert.Equal(answer.Decision.RuleId, explained.Authorization.Decision.RuleId);
        Assert.Single(explained.Trials);
        Assert.Equal(1, (await agent.GetUsageAsync(CancellationToken.None))!.Allowed);
    }

    [Fact]
    public async Task Authorize_FromTheOtherSilo_GivesTheWholeDecision()
    {
        var tenant = await TestTenant.CreateAsync(silos, "remote");
        await tenant.PublishAsync("""
            { "name": "p", "rules": [ { "id": "r", "allow": "*", "reason": "because", "reason_localized": { "de": "darum" },
              "reason_code": "MINE", "obligations": [ { "name": "redact", "parameters": { "what": "names" } } ] } ] }
            """);
        await (await tenant.RegisterAsync("bot", silos.First)).AuthorizeAsync(TestTenant.Ask());

        var decision = (await tenant.Agent("bot", silos.Second).AuthorizeAsync(TestTenant.Ask())).Decision;

        Assert.Equal(("r", "MINE", "because", "darum"), (decision.RuleId, decision.ReasonCode, decision.Reason, decision.ReasonLocalized["de"]));
        Assert.Equal("names", decision.Obligations.Single().Parameters!.Find("what")!.Text);
    }

    [Fact]
    public async Task Agents_WithTheSamePolicies_ShareOneCompiledSet()
    {
        var tenant = await TestTenant.CreateAsync(silos, "shared-set");
        await tenant.PublishAsync(AllowAll);
        var one = await (await tenant.RegisterAsync("one")).AuthorizeAsync(TestTenant.Ask());
        var two = await (await tenant.RegisterAsync("two")).AuthorizeAsync(TestTenant.Ask());

        Assert.Same(one.Decision, two.Decision);
    }
}
