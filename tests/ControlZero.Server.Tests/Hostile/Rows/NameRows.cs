using ControlZero.Protocol.V1;
using Grpc.Core;

namespace ControlZero.Server.Tests.Hostile.Rows;

/// <summary>Groups C and D: ids, resources, actions.</summary>
internal static class NameRows
{
    public static Dictionary<string, RowRun> All { get; } = new()
    {
        ["C01"] = new(target => target.RefusedAsync(Ask(target, request => request.AgentId = ""), "agent_id", "FIELD_REQUIRED")),
        ["C04"] = BadAgent("bot\n"),
        ["C05"] = BadAgent("bot\r\nX-Evil: 1"),
        ["C06"] = BadAgent("bot\0"),
        ["C07"] = BadAgent("bot\u007f", "\u0085"),
        ["C08"] = BadAgent("a/b"),
        ["C10"] = BadAgent("a#b"),
        ["C11"] = BadAgent("a?b"),
        ["C12"] = new(DistinctAgentsAsync),
        ["C14"] = BadAgent(".."),
        ["C15"] = BadAgent("../../etc/passwd"),
        ["C20"] = BadAgent("ｂｏｔ"),
        ["C21"] = BadAgent("bot\u200b"),
        ["C26"] = GoodAgents(new string('a', 128)),
        ["C27"] = new(target => target.RefusedAsync(
            Ask(target, request => request.AgentId = new string('a', 129)), "agent_id", "ID_TOO_LONG", limit: 128, actual: 129)),
        ["C28"] = new(target => target.FailsAsync(
            Ask(target, request => request.AgentId = new string('a', 1_000_000)), StatusCode.ResourceExhausted, "MESSAGE_TOO_LARGE"),
            "the framework's one limit of a service is that of batches; the method's own is held by us, and says so"),
        ["C31"] = BadAgent("<script>alert(1)</script>"),
        ["C34"] = GoodAgents("null", "undefined", "nan", "true"),
        ["C35"] = new(async target =>
        {
            await BadAgent("__proto__").SendAsync(target);
            await GoodAgents("constructor").SendAsync(target);
        }),
        ["C36"] = GoodAgents("con", "nul", "aux"),
        ["C38"] = new(target => target.RefusedAsync(
            target.Tenants.CreateTenantAsync(new CreateTenantRequest { TenantId = "*" }, target.Server.With()), "tenant_id", "ID_SYNTAX")),
        ["C39"] = new(ForeignPolicyAsync),

        ["D04"] = BadResource("model/openai/gpt-4/"),
        ["D07"] = BadResource("model/./openai/gpt-4"),
        ["D08"] = BadResource("model/x/../openai/gpt-4"),
        ["D09"] = BadResource(@"model\openai\gpt-4"),
        ["D10"] = BadResource("model%2Fopenai%2Fgpt-4"),
        ["D15"] = BadResource("model/openai/gpt-4 "),
        ["D16"] = BadResource("model/openai/gpt\u20114"),
        ["D17"] = BadResource("model/openai/gpt\u20134"),
        ["D19"] = BadResource("model/openai/gpt-\uff14"),
        ["D20"] = BadResource("model/op\u00adenai/gpt-4"),
        ["D22"] = BadResource("\ufeffmodel/openai/gpt-4"),
        ["D23"] = Decided("llm.generate", Decision.Deny, "model/openai/gpt-4-0613"),
        ["D24"] = Decided("llm.generate", Decision.Deny, "model/openai/gpt-4:beta", "model/openai/gpt-4@2024"),
        ["D27"] = BadResource("model/*", "model/openai/*"),
        ["D28"] = BadResource("model/openai/[a-z]"),
        ["D31"] = Decided("tool.read", Decision.Allow, "file:///etc/shadow", "tool/file_read"),
        ["D33"] = Decided("tool.fetch", Decision.Allow, "http://169.254.169.254/latest/meta-data"),
        ["D37"] = new(GlobBombAsync),
        ["D43"] = new(target => target.RefusedAsync(
            Ask(target, request => request.Action = new string('a', 257)), "action", "ACTION_TOO_LONG", limit: 256, actual: 257)),
    };

    private static AsyncUnaryCall<EnforceResponse> Ask(HostileTarget target, Action<EnforceRequest> set) =>
        target.Enforcement.EnforceAsync(HostileTarget.Ask(set), target.Headers);

    private static RowRun BadAgent(params string[] ids) => new(async target =>
    {
        foreach (var id in ids)
        {
            await target.RefusedAsync(Ask(target, request => request.AgentId = id), "agent_id", "ID_SYNTAX");
            await target.RefusedAsync(target.Agents.PutAgentAsync(new PutAgentRequest { AgentId = id }, target.Headers), "agent_id", "ID_SYNTAX");
        }
    });

    private static RowRun GoodAgents(params string[] ids) => new(async target =>
    {
        foreach (var id in ids)
        {
            Assert.Equal(Decision.Allow, (await target.DecideAsync(HostileTarget.Ask(request => request.AgentId = id))).Decision);
        }
    });

    private static RowRun BadResource(params string[] resources) => new(async target =>
    {
        foreach (var resource in resources)
        {
            await target.RefusedAsync(Ask(target, request => request.Resource = resource), "resource", "RESOURCE_SYNTAX");
        }
    });

    private static RowRun Decided(string action, Decision expected, params string[] resources) => new(async target =>
    {
        foreach (var resource in resources)
        {
            var answer = await target.DecideAsync(HostileTarget.Ask(request => (request.Action, request.Resource) = (action, resource)));
            Assert.Equal((expected, "RULE_MATCH"), (answer.Decision, answer.ReasonCode));
        }
    });

    private static async Task DistinctAgentsAsync(HostileTarget target)
    {
        string[] ids = ["a_b", "a-b", "a.b"];
        for (var i = 0; i < ids.Length; i++)
        {
            for (var asked = 0; asked <= i; asked++)
            {
                await target.DecideAsync(HostileTarget.Ask(request => request.AgentId = ids[i]));
            }
        }

        var used = new List<long>();
        foreach (var id in ids)
        {
            used.Add((await target.Agents.GetUsageAsync(new GetUsageRequest { AgentId = id }, target.Headers)).Allowed);
        }

        Assert.Equal([1, 2, 3], used);
    }

    private static async Task ForeignPolicyAsync(HostileTarget target)
    {
        var (_, other) = await target.Server.NewTenantAsync();
        await target.Policies.PublishPolicyAsync(
            new PublishPolicyRequest { Document = "name: default\nrules: [{allow: '*'}]" }, target.Server.With(other));

        await target.FailsAsync(
            target.Policies.GetPolicyAsync(new GetPolicyRequest { Name = "default" }, target.Headers), StatusCode.NotFound, "POLICY_NOT_FOUND");
    }

    private static async Task GlobBombAsync(HostileTarget target)
    {
        var trial = await target.Policies.TestPolicyAsync(
            new TestPolicyRequest
            {
                Documents = { "name: p\nrules: [{allow: tool, resource: '*a*a*a*a*a*a*a*b'}]" },
                Requests = { HostileTarget.Ask(request => (request.Action, request.Resource) = ("tool", new string('a', 1024))) },
            },
            target.Headers);

        Assert.Equal(Decision.Deny, Assert.Single(trial.Responses).Decision);
    }
}
