using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;

namespace ControlZero.Server.Tests.Enforcement;

[Collection(RunningServerCollection.Name)]
public sealed class DryRunTests(RunningServer server)
{
    private const string Policy = """{ "name": "p", "rules": [ { "id": "r", "allow": "a:*" } ] }""";

    private readonly EnforcementService.EnforcementServiceClient _enforcement = new(server.Channel);

    [Fact]
    public async Task DryRun_OfARegisteredAgent_DecidesAndCountsNothing()
    {
        var (_, key) = await server.NewTenantWithAsync(Policy);
        var real = await _enforcement.EnforceAsync(Ask("a:x", dryRun: false), server.With(key));

        var dry = await _enforcement.EnforceAsync(Ask("a:x"), server.With(key));
        var denied = await _enforcement.EnforceAsync(Ask("b:x"), server.With(key));

        Assert.Equal((Decision.Allow, "r", true), (dry.Decision, dry.RuleId, dry.DryRun));
        Assert.Equal((Decision.Deny, true, false), (denied.Decision, denied.DryRun, real.DryRun));
        Assert.Equal((1, 0), await server.UsageAsync(key));
    }

    [Fact]
    public async Task DryRun_OfAnAgentNobodyKnows_DecidesAndRegistersNothing()
    {
        var (_, key) = await server.NewTenantWithAsync(Policy);

        var answer = await _enforcement.EnforceAsync(Ask("a:x"), server.With(key));

        Assert.Equal((Decision.Allow, "r"), (answer.Decision, answer.RuleId));
        Assert.Null(await server.UsageAsync(key));
    }

    [Fact]
    public async Task DryRun_OfAnUnknownAgentWhereTheyAreDenied_IsDenied()
    {
        var (_, key) = await server.NewTenantAsync(unknownAgents: "deny");

        var answer = await _enforcement.EnforceAsync(Ask("a:x"), server.With(key));

        Assert.Equal((Decision.Deny, "AGENT_UNKNOWN", true), (answer.Decision, answer.ReasonCode, answer.DryRun));
    }

    [Fact]
    public async Task DryRuns_AmongOtherItemsOfABatch_AreNotCounted()
    {
        var (_, key) = await server.NewTenantWithAsync(Policy);
        var batch = new EnforceBatchRequest { Requests = { Ask("a:x"), Ask("a:x", dryRun: false), Ask("a:x"), Ask("b:x", dryRun: false) } };

        var answer = await _enforcement.EnforceBatchAsync(batch, server.With(key));

        Assert.Equal([true, false, true, false], answer.Results.Select(result => result.Response.DryRun));
        Assert.Equal((1, 1), await server.UsageAsync(key));
    }

    [Fact]
    public async Task ExplainAndTestPolicy_OfADryRun_SayThatItIsOne()
    {
        var (_, key) = await server.NewTenantWithAsync(Policy);

        var explained = await _enforcement.ExplainAsync(new ExplainRequest { Request = Ask("a:x") }, server.With(key));
        var tested = await new PolicyService.PolicyServiceClient(server.Channel).TestPolicyAsync(
            new TestPolicyRequest { Documents = { Policy }, Requests = { Ask("a:x") } }, server.With(key));

        Assert.True(explained.Response.DryRun);
        Assert.True(Assert.Single(tested.Responses).DryRun);
    }

    private static EnforceRequest Ask(string action, bool dryRun = true) => new() { AgentId = "bot", Action = action, DryRun = dryRun };
}
