using ControlZero.Protocol.V1;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Server.Tests.Hostile.Rows;

/// <summary>Group G: time, request ids and pages.</summary>
internal static class OrderRows
{
    private const string NoClientTime = "design.md section 3: request.time is the server's clock and reserved; a caller who sends it is refused, not believed";

    public static Dictionary<string, RowRun> All { get; } = new()
    {
        ["G01"] = new(ClientTimeAsync, NoClientTime),
        ["G02"] = new(ClientTimeAsync, NoClientTime),
        ["G04"] = new(target => target.RefusedAsync(
            target.Tenants.CreateKeyAsync(
                new CreateKeyRequest { Scopes = { "enforce" }, NotBefore = new Timestamp { Seconds = long.MaxValue } }, target.Headers),
            "not_before",
            "TIME_RANGE")),
        ["G07"] = new(target => PolicyRows.RefusedAsync(
            target, "name: p\nrules: [{allow: a, when: {request.time: {weekdays: [mon], zone: Mars/Phobos}}}]", "TIMEZONE_UNKNOWN")),
        ["G09"] = new(async target =>
        {
            var answer = await target.DecideAsync(HostileTarget.Ask(request => request.RequestId = ""));
            Assert.True(Ulid.TryParse(answer.RequestId, out _));
        }),
        ["G19"] = new(PageTokensAsync),
        ["G20"] = new(PageSizesAsync),
    };

    private static async Task ClientTimeAsync(HostileTarget target)
    {
        foreach (var time in new[] { "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "-0001-01-01T00:00:00Z" })
        {
            var context = new Struct { Fields = { ["request.time"] = Value.ForString(time) } };
            await target.RefusedAsync(
                target.Enforcement.EnforceAsync(HostileTarget.Ask(request => request.Context = context), target.Headers),
                "context.request.time",
                "CONTEXT_RESERVED");
        }
    }

    private static async Task PageTokensAsync(HostileTarget target)
    {
        var (_, other) = await target.Server.NewTenantAsync();
        foreach (var name in new[] { "p", "q" })
        {
            await target.Policies.PublishPolicyAsync(
                new PublishPolicyRequest { Document = $"name: {name}\nrules: [{{allow: '*'}}]" }, target.Server.With(other));
        }

        var token = (await target.Policies.ListPoliciesAsync(new ListPoliciesRequest { PageSize = 1 }, target.Server.With(other))).NextPageToken;
        Assert.NotEqual("", token);
        foreach (var hostile in new[] { token, token[..^1], $"{token}A", "AAAA", "%", "\u0000", new string('A', 100_000), "🙂" })
        {
            await target.RefusedAsync(
                target.Policies.ListPoliciesAsync(new ListPoliciesRequest { PageToken = hostile }, target.Headers), "page_token", "PAGE_TOKEN_INVALID");
        }

        await AgentTokensAsync(target, other);
    }

    // Of the other tenant, of another query, of another list, and forged ones. None shows the other tenant's agents.
    private static async Task AgentTokensAsync(HostileTarget target, string other)
    {
        foreach (var agent in new[] { "a", "b" })
        {
            await target.Agents.PutAgentAsync(new PutAgentRequest { AgentId = agent }, target.Server.With(other));
        }

        var theirs = (await target.Agents.ListAgentsAsync(new ListAgentsRequest { PageSize = 1 }, target.Server.With(other))).NextPageToken;
        var tenants = (await target.Tenants.ListTenantsAsync(new ListTenantsRequest { PageSize = 1 }, target.Server.With())).NextPageToken;
        Assert.DoesNotContain("", new[] { theirs, tenants });
        foreach (var hostile in new[] { theirs, tenants, theirs[..^1], $"{theirs}A", "AAAA", "%", "\u0000", new string('A', 100_000), "🙂" })
        {
            await target.RefusedAsync(
                target.Agents.ListAgentsAsync(new ListAgentsRequest { PageToken = hostile }, target.Headers), "page_token", "PAGE_TOKEN_INVALID");
        }

        await target.RefusedAsync(
            target.Agents.ListAgentsAsync(new ListAgentsRequest { AgentIdPrefix = "a", PageToken = theirs }, target.Server.With(other)), "page_token", "PAGE_TOKEN_INVALID");
        await target.RefusedAsync(
            target.Tenants.ListTenantsAsync(new ListTenantsRequest { PageToken = theirs }, target.Server.With()), "page_token", "PAGE_TOKEN_INVALID");
    }

    private static async Task PageSizesAsync(HostileTarget target)
    {
        await target.RefusedAsync(
            target.Policies.ListPoliciesAsync(new ListPoliciesRequest { PageSize = -1 }, target.Headers), "page_size", "PAGE_SIZE_RANGE", limit: 1000);
        foreach (var size in new[] { 0, 1_000_000, int.MaxValue })
        {
            Assert.Single((await target.Policies.ListPoliciesAsync(new ListPoliciesRequest { PageSize = size }, target.Headers)).Policies);
            Assert.Single((await target.Agents.ListAgentsAsync(new ListAgentsRequest { PageSize = size }, target.Headers)).Agents);
            Assert.InRange((await target.Tenants.ListTenantsAsync(new ListTenantsRequest { PageSize = size }, target.Server.With())).Tenants.Count, 1, 1000);
        }

        foreach (var size in new[] { -1, int.MinValue })
        {
            await target.RefusedAsync(
                target.Agents.ListAgentsAsync(new ListAgentsRequest { PageSize = size }, target.Headers), "page_size", "PAGE_SIZE_RANGE", limit: 1000);
            await target.RefusedAsync(
                target.Tenants.ListTenantsAsync(new ListTenantsRequest { PageSize = size }, target.Server.With()), "page_size", "PAGE_SIZE_RANGE", limit: 1000);
        }
    }
}
