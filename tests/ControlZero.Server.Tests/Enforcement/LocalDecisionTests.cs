using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;

namespace ControlZero.Server.Tests.Enforcement;

/// <summary>What the front door decides by itself, and what it leaves to an agent's grain.</summary>
[Collection(RunningServerCollection.Name)]
public sealed class LocalDecisionTests(RunningServer server)
{
    private const string Policy = """{ "name": "p", "rules": [ { "id": "r", "allow": "a:*" } ] }""";

    private readonly EnforcementService.EnforcementServiceClient _enforcement = new(server.Channel);

    [Fact]
    public async Task Enforce_OfAnAgentInThisSilo_SendsItsGrainNoMessage()
    {
        await server.HasHeardAsync();
        var (tenant, key) = await server.NewTenantWithAsync(Policy);
        await _enforcement.EnforceAsync(Ask("a:x"), server.With(key));

        for (var number = 0; number < 10; number++)
        {
            Assert.Equal(Decision.Allow, (await _enforcement.EnforceAsync(Ask("a:x"), server.With(key))).Decision);
            Assert.Equal(Decision.Deny, (await _enforcement.EnforceAsync(Ask("b:x"), server.With(key))).Decision);
        }

        Assert.Equal(1, server.AgentCalls.Of(tenant).Total);
        Assert.Equal((11, 10), await server.UsageAsync(key));
    }

    [Fact]
    public async Task Batch_OfAgentsHereAndNot_AsksTheGrainsOfTheOthersOnceEach()
    {
        await server.HasHeardAsync();
        var (tenant, key) = await server.NewTenantWithAsync(Policy);
        foreach (var agent in new[] { "here-1", "here-2" })
        {
            await _enforcement.EnforceAsync(Ask("a:x", agent), server.With(key));
        }

        string[] agents = ["here-1", "new-1", "here-2", "new-2", "new-1", "here-1"];
        var batch = new EnforceBatchRequest { Requests = { agents.Select((agent, number) => Ask(number == 5 ? "b:x" : "a:x", agent)) } };
        var answer = await _enforcement.EnforceBatchAsync(batch, server.With(key));

        Assert.Equal([1, 1, 1, 1, 1, 2], answer.Results.Select(result => (int)result.Response.Decision));
        Assert.Equal(4, server.AgentCalls.Of(tenant).Total);
        Assert.Equal(((2, 1), (2, 0)), (await server.UsageAsync(key, "here-1"), await server.UsageAsync(key, "new-1")));
    }

    [Fact]
    public async Task Enforce_AfterItsLabelsWereReplaced_DecidesUnderTheNewOnes()
    {
        var (_, key) = await server.NewTenantWithAsync(
            """{ "name": "p", "rules": [ { "id": "finance", "allow": "a:*", "when": { "agent.labels.team": "finance" } } ] }""");
        var agents = new AgentService.AgentServiceClient(server.Channel);
        Assert.Equal(Decision.Deny, (await _enforcement.EnforceAsync(Ask("a:x"), server.With(key))).Decision);

        foreach (var (team, expected) in new[] { ("finance", Decision.Allow), ("sales", Decision.Deny), ("finance", Decision.Allow) })
        {
            await agents.PutAgentAsync(new PutAgentRequest { AgentId = "bot", Labels = { ["team"] = team } }, server.With(key));
            Assert.Equal(expected, (await _enforcement.EnforceAsync(Ask("a:x"), server.With(key))).Decision);
        }
    }

    [Fact]
    public async Task Enforce_AfterAPublish_DecidesUnderIt()
    {
        var (_, key) = await server.NewTenantWithAsync(Policy);
        await _enforcement.EnforceAsync(Ask("a:x"), server.With(key));

        foreach (var (document, expected) in new[] { (Policy.Replace("allow", "deny", StringComparison.Ordinal), Decision.Deny), (Policy, Decision.Allow) })
        {
            var published = await new PolicyService.PolicyServiceClient(server.Channel).PublishPolicyAsync(
                new PublishPolicyRequest { Document = document }, server.With(key));
            var answer = await _enforcement.EnforceAsync(Ask("a:x"), server.With(key));
            Assert.Equal((expected, published.PolicyEpoch), (answer.Decision, answer.PolicyEpoch));
        }
    }

    [Fact]
    public async Task Enforce_OfMoreAgentsThanThereIsRoomFor_DeniesThoseInEveryWay()
    {
        await server.HasHeardAsync();
        var (tenant, key) = await server.NewTenantAsync(maxAgents: 2);
        await new PolicyService.PolicyServiceClient(server.Channel).PublishPolicyAsync(
            new PublishPolicyRequest { Document = Policy }, server.With(key));
        for (var round = 0; round < 3; round++)
        {
            var batch = new EnforceBatchRequest { Requests = { Enumerable.Range(0, 4).Select(number => Ask("a:x", $"bot-{number}")) } };
            var together = await _enforcement.EnforceBatchAsync(batch, server.With(key));
            var alone = await Task.WhenAll(batch.Requests.Select(request => _enforcement.EnforceAsync(request, server.With(key)).ResponseAsync));

            Assert.Equal(2, together.Results.Count(result => result.Response.Decision == Decision.Allow));
            Assert.Equal(2, together.Results.Count(result => result.Response.ReasonCode == "AGENT_UNKNOWN"));
            Assert.Equal(together.Results.Select(result => result.Response.Decision), alone.Select(response => response.Decision));
        }

        // Four that are asked together, then, in each of three rounds, the two that have no room, alone and together.
        Assert.Equal(4 + 2 + (2 * 4), server.AgentCalls.Of(tenant).Total);
    }

    private static EnforceRequest Ask(string action, string agent = "bot") => new() { AgentId = agent, Action = action };
}
