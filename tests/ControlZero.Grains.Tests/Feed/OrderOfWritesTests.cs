using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Policies;
using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Catalog;
using ControlZero.Grains.Tests.Cluster;

namespace ControlZero.Grains.Tests.Feed;

/// <summary>
/// Every write of a change fails once, before and after it was stored, with no push getting through. What was acknowledged is enforced on
/// every silo; what was not is in force everywhere or nowhere, and trying again ends it well.
/// </summary>
[Collection(TwoSilosCollection.Name)]
public sealed class OrderOfWritesTests(TwoSilos silos)
{
    private const string DenyAll = """{ "name": "p", "rules": [ { "deny": "*" } ] }""";

    /// <summary>The writes of a publish in their order: the record, how many writes of it come before, and how many in a row fail.</summary>
    public static TheoryData<string, int, int, StorageFault> WritesOfAPublish()
    {
        var data = WritesOfASuspension();
        foreach (var fault in Enum.GetValues<StorageFault>())
        {
            data.Add("policy", 0, 1, fault);
            data.Add("policy-version", 0, 1, fault);
        }

        return data;
    }

    /// <summary>The same of a suspension.</summary>
    public static TheoryData<string, int, int, StorageFault> WritesOfASuspension()
    {
        var data = new TheoryData<string, int, int, StorageFault>();
        foreach (var fault in Enum.GetValues<StorageFault>())
        {
            data.Add("feed", 0, 1, fault);
            data.Add("feed", 0, 3, fault);
            data.Add("tenant", 0, 1, fault);
            data.Add("feed", 1, 1, fault);
            data.Add("feed", 1, 3, fault);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(WritesOfAPublish))]
    public async Task Publish_WithOneWriteFailing_IsInForceEverywhereOrNowhere(string record, int after, int times, StorageFault fault)
    {
        var (tenant, agents) = await TestTenant.CreateWithAgentsAsync(silos, $"publish-{record}-{after}-{times}-{fault}".ToLowerInvariant());

        await CheckAsync(tenant, agents, record, after, times, fault, async () => (await tenant.PublishAsync(DenyAll)).Acknowledgement is not null);
    }

    [Theory]
    [MemberData(nameof(WritesOfASuspension))]
    public async Task Suspend_WithOneWriteFailing_IsInForceEverywhereOrNowhere(string record, int after, int times, StorageFault fault)
    {
        var (tenant, agents) = await TestTenant.CreateWithAgentsAsync(silos, $"suspend-{record}-{after}-{times}-{fault}".ToLowerInvariant());
        var command = new SuspendCommand(SuspensionTarget.Tenant, "", "", "test");

        await CheckAsync(tenant, agents, record, after, times, fault, async () =>
            (await tenant.Grain.SuspendAsync(command, CancellationToken.None)).Acknowledgement is not null);
    }

    [Theory]
    [MemberData(nameof(WritesOfASuspension))]
    public async Task SuspendModel_WithOneWriteFailing_IsInForceEverywhereOrNowhere(string record, int after, int times, StorageFault fault)
    {
        var (tenant, agents) = await TestTenant.CreateWithAgentsAsync(silos, $"model-{record}-{after}-{times}-{fault}".ToLowerInvariant());

        await CheckAsync(tenant, agents, record, after, times, fault, async () =>
            (await tenant.SuspendModelAsync("model/openai/*")).Acknowledgement is not null);
    }

    private async Task CheckAsync(
        TestTenant tenant,
        IAgentGrain[] agents,
        string record,
        int after,
        int times,
        StorageFault fault,
        Func<Task<bool>> change)
    {
        using (silos.Pushes.Lose())
        {
            silos.Faults.Arm(record, KeyOf(tenant, record), fault, after, times);
            bool acknowledged;
            try
            {
                acknowledged = await change();
            }
            catch (Exception failure) when (failure is not InvalidOperationException)
            {
                acknowledged = false;
            }
            finally
            {
                silos.Faults.Disarm();
            }

            var stored = await silos.Of<StoredRecords>(0).ReadManifestAsync(tenant.Id, CancellationToken.None);
            Assert.True(!acknowledged || stored!.Epoch == 2, "it was acknowledged and is not stored");
            await AllDecideUnderAsync(agents, stored!.Epoch);

            // Whoever was not answered asks again.
            Assert.True(await change());
            await AllDecideUnderAsync(agents, 2);
        }
    }

    private async Task AllDecideUnderAsync(IAgentGrain[] agents, ulong epoch)
    {
        silos.PassTheBound();
        foreach (var agent in agents)
        {
            var answer = await agent.AuthorizeAsync(TestTenant.Ask());
            Assert.Equal((epoch, epoch == 1), (answer.Epoch, answer.Decision.Allowed));
        }
    }

    private static string KeyOf(TestTenant tenant, string record)
    {
        var policy = GrainKeys.Of(tenant.Id, PolicyName.Parse("p"));
        return record switch
        {
            "policy" => policy,
            "policy-version" => GrainKeys.OfVersion(policy, 2),
            "feed" => "cluster",
            _ => GrainKeys.Of(tenant.Id),
        };
    }
}
