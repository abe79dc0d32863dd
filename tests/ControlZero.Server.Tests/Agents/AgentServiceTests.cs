using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using Grpc.Core;

namespace ControlZero.Server.Tests.Agents;

[Collection(RunningServerCollection.Name)]
public sealed class AgentServiceTests(RunningServer server)
{
    private readonly AgentService.AgentServiceClient _agents = new(server.Channel);

    [Fact]
    public async Task Put_ThenGet_GivesTheLabels()
    {
        var (_, key) = await server.NewTenantAsync();
        var put = await PutAsync(key, "bot", ("team", "finance"));

        var found = await _agents.GetAgentAsync(new GetAgentRequest { AgentId = "bot" }, server.With(key));

        Assert.Equal(put.Agent, found.Agent);
        Assert.Equal(("finance", 1L), (found.Agent.Labels["team"], found.Agent.Version));
    }

    [Fact]
    public async Task Put_OverAnotherVersionThanExpected_IsAborted()
    {
        var (_, key) = await server.NewTenantAsync();
        await PutAsync(key, "bot");

        var error = await RpcAssert.FailsAsync(
            StatusCode.Aborted,
            "VERSION_CONFLICT",
            _agents.PutAgentAsync(new PutAgentRequest { AgentId = "bot", ExpectedVersion = 0 }, server.With(key)));

        Assert.Equal("1", error.Metadata["current"]);
    }

    [Fact]
    public async Task Put_OneAgentMoreThanTheTenantHasRoomFor_IsResourceExhausted()
    {
        var (_, key) = await server.NewTenantAsync(maxAgents: 1);
        await PutAsync(key, "one");

        await RpcAssert.FailsAsync(
            StatusCode.ResourceExhausted, "MAX_AGENTS", _agents.PutAgentAsync(new PutAgentRequest { AgentId = "two" }, server.With(key)));
    }

    [Theory]
    [InlineData("", "FIELD_REQUIRED")]
    [InlineData("Bot", "ID_SYNTAX")]
    [InlineData("a/b", "ID_SYNTAX")]
    [InlineData("bot\n", "ID_SYNTAX")]
    public async Task EveryMethod_OfABadAgentId_IsRefused(string agent, string code)
    {
        await RpcAssert.RefusesAsync(_agents.PutAgentAsync(new PutAgentRequest { AgentId = agent }, server.With()), ("agent_id", code));
        await RpcAssert.RefusesAsync(_agents.GetAgentAsync(new GetAgentRequest { AgentId = agent }, server.With()), ("agent_id", code));
        await RpcAssert.RefusesAsync(_agents.GetUsageAsync(new GetUsageRequest { AgentId = agent }, server.With()), ("agent_id", code));
    }

    [Fact]
    public async Task EveryMethod_ForAnAgentOutsideTheBinding_ReadsTheSameWhetherItExistsOrNot()
    {
        var (_, admin) = await server.NewTenantAsync();
        await PutAsync(admin, "there");
        var key = await server.NewKeyAsync(admin, ["agent:write", "enforce"], "mine-*");

        foreach (var agent in new[] { "there", "not-there" })
        {
            foreach (var call in new Func<Task>[]
            {
                () => _agents.GetAgentAsync(new GetAgentRequest { AgentId = agent }, server.With(key)).ResponseAsync,
                () => _agents.GetUsageAsync(new GetUsageRequest { AgentId = agent }, server.With(key)).ResponseAsync,
                () => _agents.PutAgentAsync(new PutAgentRequest { AgentId = agent }, server.With(key)).ResponseAsync,
            })
            {
                var failure = await Assert.ThrowsAsync<RpcException>(call);
                Assert.Equal(StatusCode.PermissionDenied, failure.StatusCode);
                Assert.Equal($"the key may not speak for agent `{agent}`; use one that is bound to it", failure.Status.Detail);
            }
        }
    }

    [Fact]
    public async Task AgentIds_ThatStoresMightFold_AreDifferentAgents()
    {
        var (_, key) = await server.NewTenantAsync();
        foreach (var agent in new[] { "a_b", "a-b", "a.b", "a:b", "a@b", "null", "con" })
        {
            await PutAsync(key, agent, ("id", agent));
        }

        foreach (var agent in new[] { "a_b", "a-b", "a.b", "a:b", "a@b", "null", "con" })
        {
            var found = await _agents.GetAgentAsync(new GetAgentRequest { AgentId = agent }, server.With(key));
            Assert.Equal((agent, 1L), (found.Agent.Labels["id"], found.Agent.Version));
        }
    }

    private async Task<PutAgentResponse> PutAsync(string key, string agent, params (string Key, string Value)[] labels) =>
        await _agents.PutAgentAsync(
            new PutAgentRequest { AgentId = agent, Labels = { labels.ToDictionary(label => label.Key, label => label.Value) } }, server.With(key));
}
