using ControlZero.Client;
using ControlZero.Integration.Tests.Processes;
using ControlZero.Protocol.V1;
using Grpc.Core;

namespace ControlZero.Integration.Tests.Restart;

/// <summary>After an orderly stop and a start all is as it was.</summary>
public sealed class OrderlyRestartTests : IDisposable
{
    private const string First = """
        { "name": "models", "priority": 10, "rules": [
          { "id": "dev-only", "allow": "llm.generate", "resource": "model/openai/*", "when": { "agent.labels.env": "dev" } },
          { "id": "no-models", "deny": "llm.generate", "resource": "model/*" } ] }
        """;

    // Odd spacing, a remark and a line break at its end: a document is kept as it was sent, not as it was read.
    private const string Second = "# who may search – «all»\nname:   tools\nrules:\n  - id: search\n    allow: tool:search\n\n";

    private readonly ScratchDirectory _scratch = new();

    [Fact]
    public async Task Restart_AfterOrderlyStop_FindsEverythingAsItWas()
    {
        Facts before;
        string kept, revoked;
        await using (var server = await ServerProcess.StartAsync(_scratch.Data))
        {
            var admin = server.Connect();
            await PublishAsync(admin, First.Replace("dev-only", "draft", StringComparison.Ordinal));
            await PublishAsync(admin, Second);
            await PublishAsync(admin, First);
            await admin.Agents.PutAgentAsync(new PutAgentRequest { AgentId = "builder", Labels = { ["env"] = "dev", ["team"] = "größe" } });
            await admin.Agents.PutAgentAsync(new PutAgentRequest { AgentId = "idle" });
            kept = await NewKeyAsync(admin, "builder");
            revoked = await NewKeyAsync(admin, "*");
            await admin.Tenants.RevokeKeyAsync(new RevokeKeyRequest { KeyId = revoked.Split('_')[2] });
            await AskAsync(server.Connect(kept), allowed: 3, denied: 2);
            before = await FactsAsync(admin);
            (await server.StopAsync()).With(exitCode: 0);
        }

        await using var again = await ServerProcess.StartAsync(_scratch.Data);
        var after = await FactsAsync(again.Connect());

        Assert.Equal(before, after);
        Assert.Equal((3UL, First, Second), (after.Epoch, after.Models.Document, after.Tools.Document));
        Assert.Equal((2L, 1L), (after.Models.VersionInForce, after.Tools.VersionInForce));
        Assert.Equal((3L, 2L), (after.Usage.Allowed, after.Usage.Denied));
        await AskAsync(again.Connect(kept), allowed: 1, denied: 1);
        var refused = await Assert.ThrowsAsync<ControlZeroException>(() => again.Connect(revoked).InitializeAsync());
        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
    }

    [Fact]
    public async Task Restart_AfterKill_StillRefusesWhatWasRevoked()
    {
        string revoked;
        await using (var server = await ServerProcess.StartAsync(_scratch.Data))
        {
            var admin = server.Connect();
            revoked = await NewKeyAsync(admin, "*");
            await server.Connect(revoked).InitializeAsync();
            await admin.Tenants.RevokeKeyAsync(new RevokeKeyRequest { KeyId = revoked.Split('_')[2] });
            server.Kill();
            await server.WaitForEndAsync();
        }

        await using var again = await ServerProcess.StartAsync(_scratch.Data);

        var refused = await Assert.ThrowsAsync<ControlZeroException>(() => again.Connect(revoked).InitializeAsync());
        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
    }

    public void Dispose() => _scratch.Dispose();

    private static async Task PublishAsync(ControlZeroClient client, string document) =>
        await client.Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = document });

    private static async Task<string> NewKeyAsync(ControlZeroClient client, string agents) =>
        (await client.Tenants.CreateKeyAsync(new CreateKeyRequest { Scopes = { "enforce" }, Agents = { agents } })).Key;

    private static async Task AskAsync(ControlZeroClient client, int allowed, int denied)
    {
        foreach (var wanted in Enumerable.Repeat(true, allowed).Concat(Enumerable.Repeat(false, denied)))
        {
            var resource = wanted ? "model/openai/gpt-4" : "model/google/gemini-pro";
            var decision = await client.CheckAsync(new EnforceQuery { Action = "llm.generate", Resource = resource, AgentId = "builder" });
            Assert.Equal((wanted, wanted ? "dev-only" : "no-models", 2L), (decision.Allowed, decision.RuleId, decision.PolicyVersion));
        }
    }

    private static async Task<Facts> FactsAsync(ControlZeroClient client)
    {
        var list = await client.Policies.ListPoliciesAsync(new ListPoliciesRequest());
        return new Facts(
            list.PolicyEpoch,
            list,
            await client.Policies.GetPolicyAsync(new GetPolicyRequest { Name = "models" }),
            await client.Policies.GetPolicyAsync(new GetPolicyRequest { Name = "models", Version = 1 }),
            await client.Policies.GetPolicyAsync(new GetPolicyRequest { Name = "tools" }),
            await client.Agents.GetAgentAsync(new GetAgentRequest { AgentId = "builder" }),
            await client.Agents.GetAgentAsync(new GetAgentRequest { AgentId = "idle" }),
            await client.Agents.GetUsageAsync(new GetUsageRequest { AgentId = "builder" }),
            await client.Tenants.GetTenantAsync(new GetTenantRequest { TenantId = "default" }));
    }

    // All that a client can see of the server's state.
    private sealed record Facts(
        ulong Epoch,
        ListPoliciesResponse Policies,
        GetPolicyResponse Models,
        GetPolicyResponse OldModels,
        GetPolicyResponse Tools,
        GetAgentResponse Builder,
        GetAgentResponse Idle,
        GetUsageResponse Usage,
        GetTenantResponse Tenant);
}
