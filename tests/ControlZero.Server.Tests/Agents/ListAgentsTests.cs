using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;

namespace ControlZero.Server.Tests.Agents;

[Collection(RunningServerCollection.Name)]
public sealed class ListAgentsTests(RunningServer server)
{
    private readonly AgentService.AgentServiceClient _agents = new(server.Channel);

    [Fact]
    public async Task ListAgents_ShowsThoseOfTheTenantInTheOrderOfTheirIds_PageByPage()
    {
        var (_, key) = await server.NewTenantAsync();
        var (_, other) = await server.NewTenantAsync();
        await PutAsync(other, "a-theirs");
        string[] ids = ["a", "a-b", "a.b", "a1", "a:b", "a_b", "ab"];
        foreach (var id in ids.Reverse())
        {
            await PutAsync(key, id);
        }

        var pages = await PagesAsync(key, new ListAgentsRequest { PageSize = 3 });

        Assert.Equal([3, 3, 1], pages.Select(page => page.Agents.Count));
        Assert.Equal(ids, pages.SelectMany(page => page.Agents).Select(agent => agent.AgentId));
        Assert.Equal(["a-theirs"], (await ListAsync(other)).Select(agent => agent.AgentId));
        Assert.Equal((await _agents.GetAgentAsync(new GetAgentRequest { AgentId = "a1" }, server.With(key))).Agent, pages[1].Agents[0]);
    }

    [Fact]
    public async Task ListAgents_ShowsSuspendedOnesInTheirPlace_RegisteredOrNot()
    {
        var (_, key) = await server.NewTenantAsync();
        foreach (var id in new[] { "b", "d" })
        {
            await PutAsync(key, id);
        }

        foreach (var id in new[] { "a", "b", "c", "e" })
        {
            await _agents.SuspendAgentAsync(new SuspendAgentRequest { AgentId = id, Reason = "r" }, server.With(key));
        }

        foreach (var size in new[] { 1, 2, 3, 10 })
        {
            var all = (await PagesAsync(key, new ListAgentsRequest { PageSize = size })).SelectMany(page => page.Agents).ToList();

            Assert.Equal(
                [("a", 0, true), ("b", 1, true), ("c", 0, true), ("d", 1, false), ("e", 0, true)],
                all.Select(agent => (agent.AgentId, (int)agent.Version, agent.Suspension is not null)));
        }
    }

    [Fact]
    public async Task ListAgents_WithAPrefix_ShowsThoseAndTheirTokensOnlyGoOnThere()
    {
        var (_, key) = await server.NewTenantAsync();
        foreach (var id in new[] { "bo", "bot", "bot-1", "bot-2", "bou" })
        {
            await PutAsync(key, id);
        }

        var pages = await PagesAsync(key, new ListAgentsRequest { PageSize = 2, AgentIdPrefix = "bot" });

        Assert.Equal(["bot", "bot-1", "bot-2"], pages.SelectMany(page => page.Agents).Select(agent => agent.AgentId));
        await RpcAssert.RefusesAsync(
            _agents.ListAgentsAsync(new ListAgentsRequest { AgentIdPrefix = "bo", PageToken = pages[0].NextPageToken }, server.With(key)),
            ("page_token", "PAGE_TOKEN_INVALID"));
        foreach (var prefix in new[] { "Bot", "bot~", "bot*", "bot\n", "/" })
        {
            await RpcAssert.RefusesAsync(
                _agents.ListAgentsAsync(new ListAgentsRequest { AgentIdPrefix = prefix }, server.With(key)), ("agent_id_prefix", "ID_SYNTAX"));
        }
    }

    [Fact]
    public async Task ListAgents_WithABoundKey_ShowsOnlyWhatItMaySpeakFor()
    {
        var (_, admin) = await server.NewTenantAsync();
        foreach (var id in new[] { "ci-1", "ci-2", "cj", "web-1" })
        {
            await PutAsync(admin, id);
        }

        await _agents.SuspendAgentAsync(new SuspendAgentRequest { AgentId = "web-9" }, server.With(admin));
        var ci = await server.NewKeyAsync(admin, ["agent:write"], "ci-*");
        var two = await server.NewKeyAsync(admin, ["agent:write"], "ci-2", "web-?");

        Assert.Equal(["ci-1", "ci-2"], (await ListAsync(ci)).Select(agent => agent.AgentId));
        Assert.Equal(["ci-2", "web-1", "web-9"], (await ListAsync(two)).Select(agent => agent.AgentId));
        Assert.Empty(await ListAsync(ci, "web"));
        Assert.Equal(["ci-1", "ci-2"], (await ListAsync(ci, "c")).Select(agent => agent.AgentId));
    }

    [Fact]
    public async Task ListAgents_WhereManyWereDeleted_EndsItsPages_AndShowsTheRest()
    {
        var (_, key) = await server.NewTenantAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, 2100), new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (number, cancellation) =>
        {
            await PutAsync(key, $"gone-{number:d4}");
            await _agents.DeleteAgentAsync(new DeleteAgentRequest { AgentId = $"gone-{number:d4}" }, server.With(key), cancellationToken: cancellation);
        });
        await PutAsync(key, "here");

        var pages = await PagesAsync(key, new ListAgentsRequest { PageSize = 10 });

        Assert.Equal(["here"], pages.SelectMany(page => page.Agents).Select(agent => agent.AgentId));
        Assert.Empty(pages[0].Agents);
        Assert.Equal(2, pages.Count);
    }

    private async Task<List<Agent>> ListAsync(string key, string prefix = "") =>
        [.. (await PagesAsync(key, new ListAgentsRequest { PageSize = 2, AgentIdPrefix = prefix })).SelectMany(page => page.Agents)];

    private async Task<List<ListAgentsResponse>> PagesAsync(string key, ListAgentsRequest request)
    {
        var pages = new List<ListAgentsResponse>();
        do
        {
            pages.Add(await _agents.ListAgentsAsync(request, server.With(key)));
            request.PageToken = pages[^1].NextPageToken;
        }
        while (request.PageToken.Length > 0);

        return pages;
    }

    private async Task PutAsync(string key, string agent) => await _agents.PutAgentAsync(new PutAgentRequest { AgentId = agent }, server.With(key));
}
