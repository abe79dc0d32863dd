using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using Grpc.Core;

namespace ControlZero.Server.Tests.Policies;

[Collection(RunningServerCollection.Name)]
public sealed class ReplayOfShadowTests(RunningServer server)
{
    private const string InForce = """{"name":"p","rules":[{"effect":"allow","action":"use","resource":["r/a","r/b"]}]}""";
    private const string Draft = """{"name":"p","rules":[{"effect":"allow","action":"use","resource":["r/b","r/c"]}]}""";

    // In shadow it would change nothing, and nobody asks that: it is held against the log as if it were enforced, and that is said. What is in shadow
    // already takes no part.
    [Fact]
    public async Task Replay_OfADraftInShadow_IsThatOfTheDraftEnforced_AndSaysSo()
    {
        var (_, key) = await server.NewTenantWithAsync(InForce, """{"name":"all","mode":"shadow","priority":1,"rules":[{"effect":"allow","action":"*"}]}""");
        var enforcement = new EnforcementService.EnforcementServiceClient(server.Channel);
        foreach (var resource in new[] { "r/a", "r/b", "r/c" })
        {
            await enforcement.EnforceAsync(new EnforceRequest { AgentId = "bot", Action = "use", Resource = resource }, server.With(key));
        }

        var enforced = await ReplayAsync(key, Draft);
        var shadow = await ReplayAsync(key, Draft.Replace("\"rules\"", "\"mode\":\"shadow\",\"rules\"", StringComparison.Ordinal));

        Assert.Equal((3, 1, 1, 1), (enforced.Counts.Decisions, enforced.Counts.Unchanged, enforced.Counts.AllowToDeny, enforced.Counts.DenyToAllow));
        Assert.Equal((enforced.Counts, enforced.Changes), (shadow.Counts, shadow.Changes));
        Assert.Empty(enforced.Diagnostics);
        var said = Assert.Single(shadow.Diagnostics);
        Assert.Equal(("SHADOW_AS_ENFORCED", Severity.Warning, "mode"), (said.Code, said.Severity, said.Path));
    }

    private async Task<ReplayPolicyResponse> ReplayAsync(string key, string document)
    {
        using var call = new PolicyService.PolicyServiceClient(server.Channel).ReplayPolicy(new ReplayPolicyRequest { Document = document }, server.With(key));
        return (await call.ResponseStream.ReadAllAsync().ToListAsync())[^1];
    }
}
