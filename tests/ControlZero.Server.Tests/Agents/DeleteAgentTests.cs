using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using Grpc.Core;

namespace ControlZero.Server.Tests.Agents;

[Collection(RunningServerCollection.Name)]
public sealed class DeleteAgentTests(RunningServer server)
{
    private const string Tokens = """
        { "name": "p", "rules": [ { "allow": "llm.*" } ],
          "limits": [ { "name": "tokens", "metric": "total_tokens", "limit": 1000, "window": "month", "per": "agent" } ] }
        """;

    private readonly EnforcementService.EnforcementServiceClient _enforcement = new(server.Channel);
    private readonly AgentService.AgentServiceClient _agents = new(server.Channel);

    [Fact]
    public async Task Delete_ThenGet_IsNotFound_AndSoIsDeletingAgain()
    {
        var (_, key) = await server.NewTenantAsync();
        await _agents.PutAgentAsync(new PutAgentRequest { AgentId = "bot" }, server.With(key));
        await RpcAssert.FailsAsync(
            StatusCode.Aborted, "VERSION_CONFLICT", _agents.DeleteAgentAsync(new DeleteAgentRequest { AgentId = "bot", ExpectedVersion = 7 }, server.With(key)));

        Assert.False((await DeleteAsync(key)).Suspended);

        await RpcAssert.FailsAsync(StatusCode.NotFound, "AGENT_NOT_FOUND", _agents.GetAgentAsync(new GetAgentRequest { AgentId = "bot" }, server.With(key)));
        await RpcAssert.FailsAsync(StatusCode.NotFound, "AGENT_NOT_FOUND", _agents.GetUsageAsync(new GetUsageRequest { AgentId = "bot" }, server.With(key)));
        await RpcAssert.FailsAsync(StatusCode.NotFound, "AGENT_NOT_FOUND", _agents.DeleteAgentAsync(new DeleteAgentRequest { AgentId = "bot" }, server.With(key)));
    }

    [Fact]
    public async Task Delete_OfAnotherTenantsAgent_LooksLikeOneOfAnAgentThatIsNotThere()
    {
        var (_, mine) = await server.NewTenantAsync();
        var (_, theirs) = await server.NewTenantAsync();
        await _agents.PutAgentAsync(new PutAgentRequest { AgentId = "bot" }, server.With(theirs));

        var there = await Assert.ThrowsAsync<RpcException>(async () => await _agents.DeleteAgentAsync(new DeleteAgentRequest { AgentId = "bot" }, server.With(mine)));
        await DeleteAsync(theirs);
        var missing = await Assert.ThrowsAsync<RpcException>(async () => await _agents.DeleteAgentAsync(new DeleteAgentRequest { AgentId = "bot" }, server.With(mine)));

        Assert.Equal((there.StatusCode, there.Status.Detail), (missing.StatusCode, missing.Status.Detail));
        Assert.Equal(Details(there), Details(missing));
    }

    [Fact]
    public async Task Delete_ThenUse_GoesOnWithWhatWasUsed_AndALateSettleStillCharges()
    {
        var (_, key) = await server.NewTenantWithAsync(Tokens);
        var first = await _enforcement.EnforceAsync(Ask(300), server.With(key));
        await DeleteAsync(key);

        var settled = await _enforcement.SettleAsync(
            new SettleRequest { Token = first.Reservation.Token, AgentId = "bot", Usage = new Usage { InputTokens = 900, OutputTokens = 0 } }, server.With(key));

        Assert.True(settled.Overrun);
        var second = await _enforcement.EnforceAsync(Ask(200), server.With(key));
        Assert.Equal((Decision.Deny, "QUOTA_EXCEEDED"), (second.Decision, second.ReasonCode));
        var third = await _enforcement.EnforceAsync(Ask(100), server.With(key));
        Assert.Equal((Decision.Allow, 1000L), (third.Decision, third.Limits[0].Used));
    }

    [Fact]
    public async Task Delete_OfALimitOfItsOwn_AndTheSameAgain_MintsNoNewOne()
    {
        var (_, key) = await server.NewTenantWithAsync("""{ "name": "p", "rules": [ { "allow": "llm.*" } ] }""");
        var put = new PutAgentRequest
        {
            AgentId = "bot", Limits = new AgentLimits { Limits = { new AgentLimit { Name = "two", Metric = "requests", Limit = 2, Window = "month" } } },
        };
        var allowed = 0;
        for (var round = 0; round < 4; round++)
        {
            await _agents.PutAgentAsync(put, server.With(key));
            allowed += (await _enforcement.EnforceAsync(Ask(null), server.With(key))).Decision == Decision.Allow ? 1 : 0;
            await DeleteAsync(key);
        }

        Assert.Equal(2, allowed);
    }

    [Fact]
    public async Task Delete_OfASuspendedAgent_SaysThatItStaysSuspended()
    {
        var (_, key) = await server.NewTenantWithAsync("""{ "name": "p", "rules": [ { "allow": "llm.*" } ] }""");
        await _agents.PutAgentAsync(new PutAgentRequest { AgentId = "bot" }, server.With(key));
        await _agents.SuspendAgentAsync(new SuspendAgentRequest { AgentId = "bot" }, server.With(key));

        Assert.True((await DeleteAsync(key)).Suspended);

        Assert.Equal("AGENT_SUSPENDED", (await _enforcement.EnforceAsync(Ask(null), server.With(key))).ReasonCode);
        Assert.Equal(0, (await _agents.GetAgentAsync(new GetAgentRequest { AgentId = "bot" }, server.With(key))).Agent.Version);
    }

    private async Task<DeleteAgentResponse> DeleteAsync(string key) => await _agents.DeleteAgentAsync(new DeleteAgentRequest { AgentId = "bot" }, server.With(key));

    private static string Details(RpcException failure) => Convert.ToBase64String(failure.Trailers.GetValueBytes("grpc-status-details-bin")!);

    private static EnforceRequest Ask(long? tokens) => new()
    {
        AgentId = "bot", Action = "llm.generate", Resource = "model/openai/gpt-4",
        Estimate = tokens is { } input ? new Estimate { InputTokens = input, MaxOutputTokens = 0 } : null,
    };
}
