using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Grains.Agents;
using ControlZero.Grains.Tests.Cluster;

namespace ControlZero.Grains.Tests.Agents;

/// <summary>Activations that the runtime gives up before they are active. They are never told to end, so nothing of them may be left.</summary>
[Collection(TwoSilosCollection.Name)]
public sealed class AbandonedActivationTests(TwoSilos silos)
{
    private static readonly AgentId Bot = AgentId.Parse("bot");

    [Fact]
    public async Task Activation_GivenUpWhileItsRecordIsRead_LeavesNoCell()
    {
        var (tenant, agent) = await RegisterAsync("abandoned-reading");
        await silos.Cluster.DeactivateAsync(agent);
        using var read = silos.Faults.Hold(AgentGrain.Type, GrainKeys.Of(tenant.Id, Bot));
        var asked = agent.GetAsync(CancellationToken.None);
        await read.Reached;
        var activation = silos.Activations.Of(agent);

        // In one turn: the answer comes when it is given up already and not gone yet.
        await Activations.RunAsync(activation, () =>
        {
            activation.Deactivate(new DeactivationReason(DeactivationReasonCode.ActivationFailed, new TimeoutException(), "the test gave it up"));
            read.Release();
            return Task.CompletedTask;
        });
        await activation.Deactivated;

        await Assert.ThrowsAnyAsync<Exception>(() => asked);
        Assert.Null(Find(tenant));
        await agent.AuthorizeAsync(TestTenant.Ask());
        Assert.NotNull(Find(tenant)!.Decide(TestTenant.Ask()));
    }

    [Fact]
    public async Task Activation_GivenUpWhenItsCellIsPublished_TakesTheCellAway()
    {
        var (tenant, agent) = await RegisterAsync("abandoned-published");
        var activation = silos.Activations.Of(agent);
        using var given = new CancellationTokenSource();
        await Activations.RunAsync(activation, () => ((IGrainBase)activation.GrainInstance!).OnActivateAsync(given.Token));
        var cell = Find(tenant)!;
        Assert.NotNull(cell.Decide(TestTenant.Ask()));

        await given.CancelAsync();

        Assert.Null(cell.Decide(TestTenant.Ask()));
        await agent.AuthorizeAsync(TestTenant.Ask());
        Assert.NotNull(Find(tenant)!.Decide(TestTenant.Ask()));
    }

    private async Task<(TestTenant Tenant, IAgentGrain Agent)> RegisterAsync(string name)
    {
        var tenant = await TestTenant.CreateAsync(silos, name);
        await tenant.PublishAsync(TestTenant.AllowAll);
        var agent = await tenant.RegisterAsync("bot", silos.First);
        Assert.True((await agent.AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
        return (tenant, agent);
    }

    private AgentCell? Find(TestTenant tenant) => silos.Of<AgentCells>(0).Find(tenant.Id, Bot);
}
