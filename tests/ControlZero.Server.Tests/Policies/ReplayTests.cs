using ControlZero.Abstractions.Tenants;
using ControlZero.Audit.Format.Events;
using ControlZero.Audit.Log;
using ControlZero.Engine.Policies;
using ControlZero.Grains.Catalog;
using ControlZero.Protocol.V1;
using ControlZero.Server.Audit.Reading;
using ControlZero.Server.Policies.Replay;
using ControlZero.Server.Tests.Authentication;
using ControlZero.Server.Tests.Hosting;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using AuditEvent = ControlZero.Audit.Format.Events.AuditEvent;
using AuditEventKind = ControlZero.Audit.Format.Events.AuditEventKind;
using Decision = ControlZero.Protocol.V1.Decision;

namespace ControlZero.Server.Tests.Policies;

[Collection(RunningServerCollection.Name)]
public sealed class ReplayTests(RunningServer server)
{
    private const string InForce = """{"name":"p","rules":[{"id":"a","effect":"allow","action":"use","resource":"r/a"},{"id":"b","effect":"allow","action":"use","resource":"r/b"}]}""";
    private const string Draft = """{"name":"p","rules":[{"id":"b2","effect":"allow","action":"use","resource":"r/b"},{"id":"c","effect":"allow","action":"use","resource":"r/c"}]}""";

    private readonly PolicyService.PolicyServiceClient _policies = new(server.Channel);
    private readonly EnforcementService.EnforcementServiceClient _enforcement = new(server.Channel);

    [Fact]
    public async Task Replay_CountsWhatWouldChange_ByRule_WithExamples_AndChangesNothing()
    {
        var (_, key) = await server.NewTenantWithAsync(InForce);
        foreach (var resource in new[] { "r/a", "r/a", "r/b", "r/c", "r/d" })
        {
            await AskAsync(key, resource);
        }

        await _enforcement.EnforceAsync(new EnforceRequest { AgentId = "bot", Action = "use", CandidateResources = { "r/b", "r/a" } }, server.With(key));
        var both = await _enforcement.EnforceAsync(new EnforceRequest { AgentId = "bot", Action = "use", CandidateResources = { "r/b", "r/c" } }, server.With(key));
        var before = await server.UsageAsync(key);

        var last = await ReplayAsync(key, Draft);

        Assert.Equal((7, 2, 3, 2, 0, 0, 1), Of(last.Counts));
        Assert.Equal(
            ["Allow p/a > Deny /synthetic:RESOURCE_GATE_SKIP 2", "Allow p/b > Deny /synthetic:RESOURCE_GATE_SKIP 1", "Deny /synthetic:RESOURCE_GATE_SKIP > Allow p/b2 1", "Deny /synthetic:RESOURCE_GATE_SKIP > Allow p/c 1"],
            last.Changes.Select(change =>
                $"{change.Was} {change.WasBy.Policy}/{change.WasBy.RuleId} > {change.Becomes} {change.BecomesBy.Policy}/{change.BecomesBy.RuleId} {change.Count}").Order(StringComparer.Ordinal));
        var example = last.Examples[0];
        Assert.Equal((both.DecisionId, Decision.Deny, Decision.Allow), (example.DecisionId, example.Was, example.Becomes));
        Assert.Equal(["r/b", "r/c"], example.CandidateResources);
        Assert.Equal((true, "", 1UL), (last.Done, last.Stopped, last.PolicyEpoch));
        Assert.Equal(before, await server.UsageAsync(key));
        Assert.Equal(1, Assert.Single((await _policies.ListPoliciesAsync(new ListPoliciesRequest(), server.With(key))).Policies).Version);
        Assert.Equal(7, (await new AuditService.AuditServiceClient(server.Channel).QueryEventsAsync(new QueryEventsRequest(), server.With(key))).Events.Count);
    }

    public static TheoryData<string> Vectors() =>
    [
        .. PolicyVectors.Read()
            .Where(vector => !vector.GetProperty("expect").TryGetProperty("error", out _) && PolicyVectors.Documents(vector).Count() == 1)
            .Select(vector => vector.GetProperty("name").GetString()!),
    ];

    // The draft is what was in force: whatever the log holds, nothing changes, and what cannot be told is not told.
    [Theory]
    [MemberData(nameof(Vectors))]
    public async Task Replay_OfThePolicyThatDecided_ChangesNothing(string name)
    {
        var vector = PolicyVectors.Find(name);
        var (_, key) = await server.NewTenantAsync(defaultOnEmpty: PolicyVectors.DefaultOnEmpty(vector));
        var document = PolicyVectors.Documents(vector).Single();
        await _policies.PublishPolicyAsync(new PublishPolicyRequest { Document = document }, server.With(key));
        try
        {
            await _enforcement.EnforceAsync(PolicyVectors.Request(vector), server.With(key));
        }
        catch (RpcException refused) when (refused.StatusCode == StatusCode.InvalidArgument)
        {
            return;
        }

        var counts = (await ReplayAsync(key, document)).Counts;

        Assert.Equal((1, 1, 0L), (counts.Decisions, counts.Unchanged + counts.Undecidable, counts.OtherRule));
    }

    [Fact]
    public async Task Replay_OfEventsWhoseFactsAreNotKept_IsUndecidableWhereThatMatters_AndNowhereElse()
    {
        const string draft = """
            {"name":"p","rules":[{"id":"prod","effect":"deny","action":"use","resource":"r/a","when":{"env":"prod"}},
              {"effect":"deny","action":"use","resource":"r/e","when":{"agent.labels.team":"red"}},{"effect":"allow","action":"use","resource":["r/a","r/b","r/e"]}]}
            """;
        var (_, key) = await server.NewTenantWithAsync("""{"name":"p","rules":[{"allow":"use"}]}""");
        var context = new Struct { Fields = { ["env"] = Value.ForString("test") } };
        await AskAsync(key, "r/a");
        await AskAsync(key, "r/a", context);
        await AskAsync(key, "r/b", context);
        await AskAsync(key, "r/e");
        await AskAsync(key, "r/alice@example.com");

        var last = await ReplayAsync(key, draft);

        Assert.Equal((5, 2, 0, 0, 3, 0, 2), Of(last.Counts));
        Assert.Equal([("context", 1L), ("labels", 2L), ("text", 1L)], last.Counts.UndecidableBy.Select(each => (each.Key, each.Value)).Order());
        Assert.All(last.Examples, example => Assert.Equal(Decision.Unspecified, example.Becomes));
    }

    [Fact]
    public async Task Replay_LeavesOutDryRunsAndRepeats_AndCountsApartWhatPoliciesHadNoSayIn()
    {
        var (_, key) = await server.NewTenantWithAsync(
            """{"name":"p","rules":[{"allow":"use"}],"limits":[{"name":"one","metric":"requests","limit":1,"window":"month","per":"agent"}]}""");
        var request = new EnforceRequest { AgentId = "bot", Action = "use", RequestId = "once" };
        await _enforcement.EnforceAsync(new EnforceRequest(request) { DryRun = true, RequestId = "" }, server.With(key));
        await _enforcement.EnforceAsync(request, server.With(key));
        Assert.True((await _enforcement.EnforceAsync(request, server.With(key))).Replayed);
        Assert.Equal("QUOTA_EXCEEDED", (await AskAsync(key, "r")).ReasonCode);
        await new AgentService.AgentServiceClient(server.Channel).SuspendAgentAsync(new SuspendAgentRequest { AgentId = "bot" }, server.With(key));
        Assert.Equal("AGENT_SUSPENDED", (await AskAsync(key, "r")).ReasonCode);

        var last = await ReplayAsync(key, """{"name":"p","rules":[{"deny":"*"}]}""");

        Assert.Equal((3, 0, 1, 0, 0, 2, 0), Of(last.Counts));
    }

    [Fact]
    public async Task Replay_HoldsTheDraftBesideTheOtherPolicies_InTheOrderOfPriority()
    {
        var (_, key) = await server.NewTenantWithAsync(
            """{"name":"first","priority":1,"rules":[{"id":"guard","effect":"deny","action":"use","resource":"r/a"}]}""",
            """{"name":"p","rules":[{"allow":"use"}]}""");
        await AskAsync(key, "r/a");
        await AskAsync(key, "r/b");

        var replaced = await ReplayAsync(key, """{"name":"first","priority":1,"rules":[{"id":"guard","effect":"deny","action":"use","resource":"r/b"}]}""");
        var added = await ReplayAsync(key, """{"name":"new","priority":0,"rules":[{"allow":"use"}]}""");
        var behind = await ReplayAsync(key, """{"name":"late","rules":[{"deny":"use"}]}""");

        Assert.Equal((2, 0, 1, 1, 0, 0, 0), Of(replaced.Counts));
        Assert.Equal((2, 1, 0, 1, 0, 0, 1), Of(added.Counts));
        Assert.Equal((2, 2, 0, 0, 0, 0, 0), Of(behind.Counts));
    }

    [Fact]
    public async Task Replay_EndsWithItsBounds_AndSeesTheTenantsOwnEventsOnly()
    {
        var (_, key) = await server.NewTenantWithAsync(InForce);
        var (_, other) = await server.NewTenantWithAsync(InForce);
        await AskAsync(key, "r/a");
        await AskAsync(key, "r/a", agent: "second");
        var newest = await AskAsync(key, "r/c");

        var one = await ReplayAsync(key, Draft, request => (request.MaxEvents, request.MaxExamples) = (1, 1));
        var all = await ReplayAsync(key, Draft, request => (request.MaxEvents, request.MaxExamples) = (3, 1));
        var agent = await ReplayAsync(key, Draft, request => request.AgentId = "second");
        var ago = await ReplayAsync(key, Draft, request => request.To = Timestamp.FromDateTime(DateTime.UnixEpoch));

        Assert.Equal((1, 0, 0, 1, 0, 0, 0), Of(one.Counts));
        Assert.Equal(("max_events", newest.DecisionId), (one.Stopped, Assert.Single(one.Examples).DecisionId));
        Assert.Equal(("", 3L, 2), (all.Stopped, all.Counts.Decisions, all.Examples.Count));
        Assert.Equal((1, 0, 1, 0, 0, 0, 0), Of(agent.Counts));
        Assert.Equal((0L, null), (ago.Counts.Decisions, ago.LookedBackTo));
        Assert.Equal(0, (await ReplayAsync(other, Draft)).Counts.Decisions);
    }

    // Its pages are short of the others' events; what it comes to is not.
    [Fact]
    public async Task Replay_ByABoundKey_CountsItsAgentsDecisionsAndNoOthers()
    {
        var (_, admin) = await server.NewTenantWithAsync(InForce);
        foreach (var agent in new[] { "team-a", "team-b", "team-a", "other" })
        {
            await AskAsync(admin, "r/a", agent: agent);
            await AskAsync(admin, "r/c", agent: agent);
        }

        var last = await ReplayAsync(await server.NewKeyAsync(admin, ["policy:read", "audit:read"], "team-*"), Draft);
        var one = await ReplayAsync(await server.NewKeyAsync(admin, ["policy:read", "audit:read"], "team-b", "nobody"), Draft, request => request.MaxEvents = 2);

        Assert.Equal((6, 0, 3, 3, 0, 0, 0), Of(last.Counts));
        Assert.Equal(["team-a", "team-b"], last.Examples.Select(example => example.AgentId).Distinct().Order());
        Assert.Equal((2, 0, 1, 1, 0, 0, 0), Of(one.Counts));
        Assert.Equal(("", ""), (last.Stopped, one.Stopped));
    }

    [Fact]
    public async Task Replay_OfManyEvents_TellsHowFarItIs()
    {
        var (_, key) = await server.NewTenantWithAsync(InForce);
        await AskManyAsync(key);

        var told = await AllOfAsync(key, new ReplayPolicyRequest { Document = Draft });

        Assert.Equal([(1000, false), (1050, true)], told.Select(message => ((int)message.Counts.Decisions, message.Done)));
        Assert.Equal(1050, told[^1].Counts.AllowToDeny);
        Assert.Empty(told[0].Examples);
    }

    [Fact]
    public async Task Replay_ThatTakesTooLong_EndsWithThePageItHas()
    {
        var (tenant, key) = await server.NewTenantWithAsync(InForce);
        await AskManyAsync(key);

        var last = await RunAsync(tenant, Draft, new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.FromMinutes(11) });

        Assert.Equal((true, "max_time", 1000L), (last.Done, last.Stopped, last.Counts.Decisions));
    }

    [Fact]
    public async Task Replay_WhoseMatchingCostsTooMuch_EndsWithTheDecisionThatCostIt()
    {
        var (tenant, key) = await server.NewTenantWithAsync(InForce);
        await AskAsync(key, "r/a");
        await AskAsync(key, "r/b");

        var last = await RunAsync(tenant, Draft.Replace("r/b", "*/*b*", StringComparison.Ordinal), TimeProvider.System, maxSteps: 1);

        Assert.Equal((true, "max_steps", 1L), (last.Done, last.Stopped, last.Counts.Decisions));
    }

    // What was withheld at the last moment has two events of one decision: what left is the second.
    [Fact]
    public async Task Replay_OfAnAmendedDecision_CountsWhatWasAnswered()
    {
        var (tenant, key) = await server.NewTenantWithAsync(InForce);
        var now = TimeProvider.System.GetUtcNow();
        await RecordAsync(tenant, AuditEventKind.Decision, now, allowed: true, "RULE_MATCH");
        await RecordAsync(tenant, AuditEventKind.Amendment, now.AddMilliseconds(1), allowed: false, "POLICY_STALE");

        Assert.Equal((1, 0, 0, 0, 0, 1, 0), Of((await ReplayAsync(key, Draft)).Counts));
    }

    [Fact]
    public async Task Replay_WithAWrongField_IsRefused()
    {
        var (_, key) = await server.NewTenantAsync();
        foreach (var (request, code) in new (ReplayPolicyRequest, string)[]
        {
            (new() { Document = "" }, "FIELD_REQUIRED"),
            (new() { Document = """{"name":"p","rules":[]}""" }, "POLICY_INVALID"),
            (new() { Document = Draft.PadRight((256 * 1024) + 1) }, "POLICY_TOO_LARGE"),
            (new() { Document = Draft, AgentId = "Bot" }, "ID_SYNTAX"),
            (new() { Document = Draft, MaxEvents = -1 }, "NUMBER_RANGE"),
            (new() { Document = Draft, MaxEvents = 1_000_001 }, "NUMBER_RANGE"),
            (new() { Document = Draft, MaxExamples = int.MaxValue }, "NUMBER_RANGE"),
            (new() { Document = Draft, From = new Timestamp { Seconds = 2 }, To = new Timestamp { Seconds = 1 } }, "TIME_RANGE"),
            (new() { Document = Draft, From = new Timestamp { Seconds = long.MaxValue } }, "TIME_RANGE"),
        })
        {
            var failure = await Assert.ThrowsAsync<RpcException>(() => AllOfAsync(key, request));

            Assert.Equal((StatusCode.InvalidArgument, code), (failure.StatusCode, failure.GetRpcStatus()?.GetDetail<Google.Rpc.ErrorInfo>()?.Reason));
        }
    }

    [Fact]
    public async Task Replay_NeedsBothScopes()
    {
        var (_, admin) = await server.NewTenantAsync();
        var both = await server.NewKeyAsync(admin, ["policy:read", "audit:read"]);

        Assert.True((await ReplayAsync(both, Draft)).Done);
        foreach (var scope in new[] { "policy:read", "audit:read", "policy:write" })
        {
            var key = await server.NewKeyAsync(admin, [scope]);
            Assert.Equal(StatusCode.PermissionDenied, (await Assert.ThrowsAsync<RpcException>(() => ReplayAsync(key, Draft))).StatusCode);
        }
    }

    private static (long, long, long, long, long, long, long) Of(ReplayCounts counts)
    {
        Assert.Equal(counts.Decisions, counts.Unchanged + counts.AllowToDeny + counts.DenyToAllow + counts.Undecidable + counts.NotByPolicy);
        return (counts.Decisions, counts.Unchanged, counts.AllowToDeny, counts.DenyToAllow, counts.Undecidable, counts.NotByPolicy, counts.OtherRule);
    }

    private async Task AskManyAsync(string key)
    {
        for (var round = 0; round < 5; round++)
        {
            await _enforcement.EnforceBatchAsync(
                new EnforceBatchRequest { Requests = { Enumerable.Range(0, 210).Select(_ => new EnforceRequest { AgentId = "bot", Action = "use", Resource = "r/a" }) } }, server.With(key));
        }
    }

    private async Task RecordAsync(string tenant, AuditEventKind kind, DateTimeOffset time, bool allowed, string reasonCode)
    {
        var body = new EventBuffer();
        EventJson.Write(
            new AuditEvent
            {
                Kind = kind,
                DecisionId = "d",
                Time = time,
                Tenant = tenant,
                Agent = "bot",
                RequestId = "",
                Action = "use",
                Resource = "r/a",
                Allowed = allowed,
                Effect = allowed ? "allow" : "deny",
                ReasonCode = reasonCode,
                RuleId = "",
                KeyId = "k",
                Silo = "s",
            },
            body);
        var log = server.Services.GetRequiredService<IAuditLog>();
        Assert.True((await log.AppendAsync(new AuditEntry(TenantId.Parse(tenant), time, body.Between(0, body.Length)))).IsAccepted);
    }

    private async Task<ReplayPolicyResponse> RunAsync(string tenant, string document, TimeProvider clock, long maxSteps = long.MaxValue)
    {
        var last = new LastMessage();
        var question = ReplayQuestion.Read(new ReplayPolicyRequest(), PolicyParser.Parse(document));
        var snapshot = await server.Services.GetRequiredService<PolicyCatalog>().LoadAsync(TenantId.Parse(tenant));
        await new ReplayRun(question, Callers.Of(tenant), snapshot!, server.Services.GetRequiredService<ClusterLog>(), clock, maxSteps).RunAsync(last, CancellationToken.None);
        return last.Message!;
    }

    private async Task<EnforceResponse> AskAsync(string key, string resource, Struct? context = null, string agent = "bot") =>
        await _enforcement.EnforceAsync(new EnforceRequest { AgentId = agent, Action = "use", Resource = resource, Context = context }, server.With(key));

    private async Task<ReplayPolicyResponse> ReplayAsync(string key, string document, Action<ReplayPolicyRequest>? change = null)
    {
        var request = new ReplayPolicyRequest { Document = document };
        change?.Invoke(request);
        return (await AllOfAsync(key, request))[^1];
    }

    private async Task<List<ReplayPolicyResponse>> AllOfAsync(string key, ReplayPolicyRequest request)
    {
        using var call = _policies.ReplayPolicy(request, server.With(key));
        return await call.ResponseStream.ReadAllAsync().ToListAsync();
    }

    /// <summary>A caller who keeps the last message.</summary>
    private sealed class LastMessage : IServerStreamWriter<ReplayPolicyResponse>
    {
        public ReplayPolicyResponse? Message { get; private set; }

        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(ReplayPolicyResponse message)
        {
            Message = message;
            return Task.CompletedTask;
        }
    }
}
