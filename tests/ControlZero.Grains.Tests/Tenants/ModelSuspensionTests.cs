using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Evaluation;
using ControlZero.Grains.Tests.Cluster;

namespace ControlZero.Grains.Tests.Tenants;

[Collection(TwoSilosCollection.Name)]
public sealed class ModelSuspensionTests(TwoSilos silos)
{
    private const string Model = "model/openai/gpt-4";

    [Fact]
    public async Task SuspendModel_Acknowledged_StopsItForEveryAgentOnBothSilos_AndNoOtherModel()
    {
        var (tenant, agents) = await TestTenant.CreateWithAgentsAsync(silos, "suspend-model");
        var (_, others) = await TestTenant.CreateWithAgentsAsync(silos, "suspend-model-not");

        var outcome = await tenant.SuspendModelAsync(Model, "it leaks");

        Assert.Equal((SuspensionStatus.Changed, 2UL, 2), (outcome.Status, outcome.Epoch, outcome.Acknowledgement!.Silos.Length));
        foreach (var agent in agents)
        {
            var answer = await agent.AuthorizeAsync(TestTenant.Ask(Model));
            Assert.Equal(
                (ReasonCodes.ModelSuspended, "`model/openai/gpt-4` is suspended: it leaks", 2UL, null),
                (answer.Decision.ReasonCode, answer.Decision.Reason, answer.Epoch, answer.DeniedResource));
            var explained = await agent.ExplainAsync(TestTenant.Ask(Model));
            Assert.Equal((ReasonCodes.ModelSuspended, true), (explained.Authorization.Decision.ReasonCode, explained.Trials.IsEmpty));
            Assert.True((await agent.AuthorizeAsync(TestTenant.Ask("model/openai/gpt-5"))).Decision.Allowed);
        }

        Assert.True((await others[0].AuthorizeAsync(TestTenant.Ask(Model))).Decision.Allowed);
    }

    [Fact]
    public async Task SuspendModel_AmongCandidatesAndInAGroup_StopsExactlyThose()
    {
        var (tenant, agents) = await TestTenant.CreateWithAgentsAsync(silos, "suspend-model-many");
        await tenant.SuspendModelAsync("model/openai/*");
        AuthorizeRequest[] requests =
        [
            TestTenant.Ask("model/a/b"),
            TestTenant.Ask("model/a/b") with { Candidates = ["model/c/d", "model/openai/o3"] },
            TestTenant.Ask("model/openai/o3:free"),
            TestTenant.Ask() with { Resource = null },
            TestTenant.Ask() with { Action = "tool:read", Resource = null },
        ];

        foreach (var agent in agents)
        {
            var answers = await agent.AuthorizeManyAsync([.. requests]);
            Assert.Equal(
                [ReasonCodes.RuleMatch, ReasonCodes.ModelSuspended, ReasonCodes.ModelSuspended, ReasonCodes.ResourceRequired, ReasonCodes.RuleMatch],
                answers.Select(answer => answer.Decision.ReasonCode));
            Assert.Equal("model/openai/o3", answers[1].DeniedResource);
        }
    }

    [Fact]
    public async Task ResumeModel_Acknowledged_LetsItGoOn_AndOnlyThatPattern()
    {
        var (tenant, agents) = await TestTenant.CreateWithAgentsAsync(silos, "resume-model");
        await tenant.SuspendModelAsync(Model);
        await tenant.SuspendModelAsync("model/openai/*");

        await tenant.Grain.ResumeAsync(SuspensionTarget.Model, "model/openai/*", CancellationToken.None);
        var still = await agents[1].AuthorizeAsync(TestTenant.Ask(Model));
        await tenant.Grain.ResumeAsync(SuspensionTarget.Model, Model, CancellationToken.None);

        Assert.Equal(ReasonCodes.ModelSuspended, still.Decision.ReasonCode);
        Assert.True((await agents[1].AuthorizeAsync(TestTenant.Ask(Model))).Decision.Allowed);
    }

    [Fact]
    public async Task SuspendModel_ThenAnAgentOfTheSameName_AreTwoThings()
    {
        var (tenant, _) = await TestTenant.CreateWithAgentsAsync(silos, "suspend-model-agent");

        var model = await tenant.SuspendModelAsync("model/here");
        var agent = await tenant.SuspendAsync("here");

        Assert.Equal((SuspensionStatus.Changed, SuspensionStatus.Changed), (model.Status, agent.Status));
    }
}
