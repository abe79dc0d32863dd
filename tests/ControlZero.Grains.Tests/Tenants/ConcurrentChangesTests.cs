using System.Collections.Immutable;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Policies;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Evaluation;
using ControlZero.Grains.Tenants;
using ControlZero.Grains.Tests.Cluster;

namespace ControlZero.Grains.Tests.Tenants;

/// <summary>Changes of one tenant that meet: none waits for another to be acknowledged, none is lost.</summary>
[Collection(TwoSilosCollection.Name)]
public sealed class ConcurrentChangesTests(TwoSilos silos)
{
    private const string DenyAll = """{ "name": "p", "rules": [ { "deny": "*" } ] }""";

    [Fact]
    public async Task Suspend_WhileAPublishWaitsForSilosThatDoNotAnswer_IsAcknowledgedWithoutIt()
    {
        var (tenant, agents) = await TestTenant.CreateWithAgentsAsync(silos, "kill-switch");
        using var held = silos.Pushes.Hold(tenant.Id, epoch: 2);
        var publish = tenant.PublishAsync(TestTenant.AllowAll + " ");
        await held.Reached;

        // Our own time stands still, so the publish never gives those silos up by itself.
        var outcome = await tenant.SuspendAsync("here");

        Assert.Equal((SuspensionStatus.Changed, 3UL), (outcome.Status, outcome.Epoch));
        Assert.Equal(2, outcome.Acknowledgement!.Silos.Length);
        Assert.Equal(ReasonCodes.AgentSuspended, (await agents[0].AuthorizeAsync(TestTenant.Ask())).Decision.ReasonCode);
        Assert.False(publish.IsCompleted);
        held.Release();
        Assert.Equal((PublishStatus.Published, 2UL, 2), ((await publish).Status, (await publish).Epoch, (await publish).Acknowledgement!.Silos.Length));
    }

    [Fact]
    public async Task Suspend_WhileAPublishStoresItsVersion_DoesNotWait_AndStays()
    {
        var (tenant, agents) = await TestTenant.CreateWithAgentsAsync(silos, "kill-switch-store");
        SuspensionOutcome? outcome = null;
        silos.Faults.Interject("policy", GrainKeys.Of(tenant.Id, PolicyName.Parse("p")), async () => outcome = await tenant.SuspendAsync("here"));

        var published = await tenant.PublishAsync(DenyAll);

        Assert.Equal((SuspensionStatus.Changed, 2UL), (outcome!.Status, outcome.Epoch));
        Assert.Equal((PublishStatus.Published, 3UL), (published.Status, published.Epoch));
        Assert.Equal(ReasonCodes.AgentSuspended, (await agents[0].AuthorizeAsync(TestTenant.Ask())).Decision.ReasonCode);
        Assert.False((await agents[1].AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
    }

    [Fact]
    public async Task Changes_ThatMeet_AreAllInForceUnderEpochsOfTheirOwn()
    {
        var tenant = await TestTenant.CreateAsync(silos, "changes-meet", new TenantSettings { MaxAgents = 20 });

        var suspensions = Enumerable.Range(0, 10).Select(number => tenant.SuspendAsync($"bot-{number}")).ToList();
        var publishes = Enumerable.Range(0, 10).Select(number => tenant.PublishAsync(Policy($"p{number % 5}", number))).ToList();
        var agents = Enumerable.Range(0, 30).Select(number => PutAsync(tenant, $"agent-{number}")).ToList();
        var epochs = (await Task.WhenAll(suspensions)).Select(outcome => outcome.Epoch).Concat((await Task.WhenAll(publishes)).Select(outcome => outcome.Epoch));

        Assert.Equal(Enumerable.Range(1, 20).Select(epoch => (ulong)epoch), epochs.Order());
        Assert.Equal(20, (await Task.WhenAll(agents)).Count(status => status == PutAgentStatus.Done));
        var manifest = await tenant.Grain.GetManifestAsync(CancellationToken.None);
        Assert.Equal((20UL, 10, 5), (manifest!.Epoch, manifest.Suspensions.Length, manifest.Policies.Length));
        Assert.All(manifest.Policies, policy => Assert.Equal(2, policy.Version));
    }

    [Theory]
    [InlineData(StorageFault.BeforeCommit, 2)]
    [InlineData(StorageFault.AfterCommit, 3)]
    public async Task Suspend_BehindAPublishWhoseWriteFails_GoesOnFromWhatIsStored(StorageFault fault, int wantedEpoch)
    {
        var (tenant, agents) = await TestTenant.CreateWithAgentsAsync(silos, $"behind-{fault}".ToLowerInvariant());
        var key = GrainKeys.Of(tenant.Id);
        Task<SuspensionOutcome>? suspend = null;
        silos.Faults.Arm(TenantGrain.Type, key, fault);
        silos.Faults.Interject(TenantGrain.Type, key, async () =>
        {
            // Sent while the write is under way, and arrived when something that was sent after it is answered.
            suspend = tenant.SuspendAsync("here");
            await tenant.Grain.GetManifestAsync(CancellationToken.None);
        });

        await Assert.ThrowsAnyAsync<Exception>(() => tenant.PublishAsync(DenyAll));
        silos.Faults.Disarm();
        var outcome = await suspend!;

        Assert.Equal((SuspensionStatus.Changed, (ulong)wantedEpoch), (outcome.Status, outcome.Epoch));
        Assert.Equal(ReasonCodes.AgentSuspended, (await agents[0].AuthorizeAsync(TestTenant.Ask())).Decision.ReasonCode);
        Assert.Equal(fault == StorageFault.BeforeCommit, (await agents[1].AuthorizeAsync(TestTenant.Ask())).Decision.Allowed);
    }

    private static string Policy(string name, int number) => $$"""{ "name": "{{name}}", "rules": [ { "id": "rule-{{number}}", "allow": "*" } ] }""";

    private static async Task<PutAgentStatus> PutAsync(TestTenant tenant, string agent) =>
        (await tenant.Agent(agent).PutAsync(new PutAgentCommand(ImmutableSortedDictionary<string, string>.Empty, null), CancellationToken.None)).Status;
}
