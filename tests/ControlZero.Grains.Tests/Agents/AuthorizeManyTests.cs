using System.Collections.Immutable;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Evaluation;
using ControlZero.Grains.Tests.Cluster;

namespace ControlZero.Grains.Tests.Agents;

[Collection(TwoSilosCollection.Name)]
public sealed class AuthorizeManyTests(TwoSilos silos)
{
    private const string AllowA = """{ "name": "p", "rules": [ { "id": "r", "allow": "llm.generate", "resource": "model/a/*" } ] }""";

    private static readonly TenantSettings AllowUnknown = new() { UnknownAgents = UnknownAgents.Allow };

    [Fact]
    public async Task AuthorizeMany_FromEitherSilo_AnswersAsOneByOneDoes()
    {
        var tenant = await TestTenant.CreateAsync(silos, "many-same");
        await tenant.PublishAsync(AllowA);
        await tenant.RegisterAsync("bot", silos.First);
        ImmutableArray<AuthorizeRequest> requests =
        [
            TestTenant.Ask("model/a/x"),
            TestTenant.Ask("model/b/x"),
            TestTenant.Ask("model/a/x") with { Candidates = ["model/a/y", "model/b/y"] },
            TestTenant.Ask("model/a/y") with { DryRun = true },
        ];

        foreach (var from in new[] { silos.First, silos.Second })
        {
            var agent = tenant.Agent("bot", from);
            var together = await agent.AuthorizeManyAsync(requests);
            var alone = await Task.WhenAll(requests.Select(request => agent.AuthorizeAsync(request).AsTask()));

            Assert.Equal(alone.Select(Describe), together.Select(Describe));
        }

        Assert.Equal((4L, 8L), await CountedAsync(tenant, "bot"));
    }

    [Fact]
    public async Task AuthorizeMany_OfAnUnknownAgentWhereTheyAreAllowed_RegistersItOnceAndCountsEach()
    {
        var tenant = await TestTenant.CreateAsync(silos, "many-first-use", AllowUnknown);
        await tenant.PublishAsync(AllowA);

        var answers = await tenant.Agent("bot").AuthorizeManyAsync([TestTenant.Ask("model/a/x"), TestTenant.Ask("model/b/x"), TestTenant.Ask("model/a/x")]);

        Assert.Equal([true, false, true], answers.Select(answer => answer.Decision.Allowed));
        Assert.Equal(1, (await tenant.Agent("bot").GetAsync(CancellationToken.None))!.Version);
        Assert.Equal((2L, 1L), await CountedAsync(tenant, "bot"));
    }

    [Fact]
    public async Task AuthorizeMany_OfAnUnknownAgentWhereTheyAreDenied_DeniesEachAndStoresNothing()
    {
        var tenant = await TestTenant.CreateAsync(silos, "many-unknown");
        await tenant.PublishAsync(AllowA);

        var answers = await tenant.Agent("bot").AuthorizeManyAsync([TestTenant.Ask("model/a/x"), TestTenant.Ask("model/a/x") with { DryRun = true }]);

        Assert.All(answers, answer => Assert.Equal(ReasonCodes.AgentUnknown, answer.Decision.ReasonCode));
        Assert.Null(await tenant.Agent("bot").GetAsync(CancellationToken.None));
    }

    [Fact]
    public async Task AuthorizeMany_OfDryRunsOnly_RegistersNothing()
    {
        var tenant = await TestTenant.CreateAsync(silos, "many-dry", AllowUnknown);
        await tenant.PublishAsync(AllowA);
        var dry = TestTenant.Ask("model/a/x") with { DryRun = true };

        var answers = await tenant.Agent("bot").AuthorizeManyAsync([dry, dry]);

        Assert.All(answers, answer => Assert.Equal("r", answer.Decision.RuleId));
        Assert.Null(await tenant.Agent("bot").GetAsync(CancellationToken.None));
    }

    [Fact]
    public async Task AuthorizeMany_OfAnAgentWithoutRoom_DeniesAllButTheDryRun()
    {
        var tenant = await TestTenant.CreateAsync(silos, "many-no-room", AllowUnknown with { MaxAgents = 1 });
        await tenant.PublishAsync(AllowA);
        await tenant.RegisterAsync("first");

        var answers = await tenant.Agent("second").AuthorizeManyAsync([TestTenant.Ask("model/a/x"), TestTenant.Ask("model/a/x") with { DryRun = true }]);

        Assert.Equal([ReasonCodes.AgentUnknown, ReasonCodes.RuleMatch], answers.Select(answer => answer.Decision.ReasonCode));
        Assert.Null(await tenant.Agent("second").GetAsync(CancellationToken.None));
    }

    [Fact]
    public async Task AuthorizeMany_WhilePoliciesArePublished_IsDecidedUnderOneEpoch()
    {
        var tenant = await TestTenant.CreateAsync(silos, "many-epoch");
        await tenant.PublishAsync(AllowA);
        var agent = await tenant.RegisterAsync("bot");
        var many = Enumerable.Repeat(TestTenant.Ask("model/a/x"), 256).ToImmutableArray();

        var publishing = Task.Run(async () =>
        {
            for (var version = 0; version < 20; version++)
            {
                await tenant.PublishAsync(AllowA.Replace("\"r\"", $"\"r{version}\"", StringComparison.Ordinal));
            }
        });
        do
        {
            var answers = await agent.AuthorizeManyAsync(many);
            Assert.Single(answers.Select(answer => (answer.Epoch, answer.Decision.RuleId)).Distinct());
        }
        while (!publishing.IsCompleted);

        await publishing;
    }

    private static (string Rule, string Reason, int Evaluated, ulong Epoch, string? Denied) Describe(Authorization answer) =>
        (answer.Decision.RuleId, answer.Decision.Reason, answer.EvaluatedRules, answer.Epoch, answer.DeniedResource);

    private static async Task<(long Allowed, long Denied)> CountedAsync(TestTenant tenant, string agent)
    {
        var usage = await tenant.Agent(agent).GetUsageAsync(CancellationToken.None);
        return (usage!.Allowed, usage.Denied);
    }
}
