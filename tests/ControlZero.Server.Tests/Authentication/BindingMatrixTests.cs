using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using Google.Protobuf;
using Grpc.Core;

namespace ControlZero.Server.Tests.Authentication;

/// <summary>
/// What every method does with a key that is bound to agents and holds every scope a key can be given, from the protos themselves: a new method without a
/// row here, and one that speaks of agents without narrowing them, fails the build. The table of the server's README in tests.
/// </summary>
[Collection(RunningServerCollection.Name)]
public sealed class BindingMatrixTests(RunningServer server)
{
    private const string Policy = """{"name":"p","rules":[{"allow":"use"}]}""";
    private const string Draft = """{"name":"p","rules":[{"deny":"*"}]}""";

    // A power over the whole tenant: whoever has the scope has it for all agents.
    private static readonly Row Tenant = new() { Why = "tenant" };

    // Of keys those that lie within the binding.
    private static readonly Row Keys = new() { Why = "keys" };

    // Of the first key of a cluster alone, which is bound to none.
    private static readonly Row Cluster = new() { Why = "cluster" };

    // Names agents, and neither finds nor shows anything of the tenant's: it decides what the call brings.
    private static readonly Row Trial = new() { Why = "trial" };

    private static readonly Dictionary<string, Row> Rows = new()
    {
        ["EnforcementService/Enforce"] = Naming(Ask),
        ["EnforcementService/EnforceBatch"] = Naming(agent => new EnforceBatchRequest { Requests = { Ask(agent) } }),
        ["EnforcementService/EnforceStream"] = Naming(
            agent => new EnforceStreamRequest { Enforce = Ask(agent) },
            agent => new EnforceStreamRequest { Settle = new SettleRequest { AgentId = agent, Token = "t" } },
            agent => new EnforceStreamRequest { Cancel = new CancelRequest { AgentId = agent, Token = "t" } }),
        ["EnforcementService/Settle"] = Naming(agent => new SettleRequest { AgentId = agent, Token = "t" }),
        ["EnforcementService/Cancel"] = Naming(agent => new CancelRequest { AgentId = agent, Token = "t" }),
        ["EnforcementService/GetAccess"] = Naming(agent => new GetAccessRequest { AgentId = agent }),
        ["EnforcementService/Explain"] = Naming(agent => new ExplainRequest { Request = Ask(agent) }),
        ["PolicyService/ValidatePolicy"] = Tenant,
        ["PolicyService/PublishPolicy"] = Tenant,
        ["PolicyService/GetPolicy"] = Tenant,
        ["PolicyService/ListPolicies"] = Tenant,
        ["PolicyService/ListPolicyVersions"] = Tenant,
        ["PolicyService/RollbackPolicy"] = Tenant,
        ["PolicyService/DeletePolicy"] = Tenant,
        ["PolicyService/TestPolicy"] = Trial,
        ["PolicyService/ReplayPolicy"] = Naming(agent => new ReplayPolicyRequest { Document = Draft, AgentId = agent })
            with { Shows = _ => new ReplayPolicyRequest { Document = Draft } },
        ["AgentService/PutAgent"] = Naming(agent => new PutAgentRequest { AgentId = agent }),
        ["AgentService/GetAgent"] = Naming(agent => new GetAgentRequest { AgentId = agent }),
        ["AgentService/ListAgents"] = new() { Shows = _ => new ListAgentsRequest() },
        ["AgentService/DeleteAgent"] = Naming(agent => new DeleteAgentRequest { AgentId = agent }),
        ["AgentService/SuspendAgent"] = Naming(agent => new SuspendAgentRequest { AgentId = agent }),
        ["AgentService/ResumeAgent"] = Naming(agent => new ResumeAgentRequest { AgentId = agent }),
        ["AgentService/GetUsage"] = Naming(agent => new GetUsageRequest { AgentId = agent }),
        ["AgentService/AdjustQuota"] = Naming(agent => new AdjustQuotaRequest { AgentId = agent, Limit = "l", Delta = 1, Reason = "r" }),
        ["ModelService/SuspendModel"] = Tenant,
        ["ModelService/ResumeModel"] = Tenant,
        ["ModelService/ListSuspendedModels"] = Tenant,
        ["TenantService/CreateTenant"] = Cluster,
        ["TenantService/GetTenant"] = Cluster,
        ["TenantService/ListTenants"] = Cluster,
        ["TenantService/SuspendTenant"] = Cluster,
        ["TenantService/ResumeTenant"] = Cluster,
        ["TenantService/CreateKey"] = Keys,
        ["TenantService/ListKeys"] = Keys,
        ["TenantService/RevokeKey"] = Keys,
        ["AuditService/QueryEvents"] = Naming(agent => new QueryEventsRequest { Filter = new EventFilter { AgentId = agent } })
            with { Shows = _ => new QueryEventsRequest() },
        ["AuditService/TailEvents"] = Naming(agent => new TailEventsRequest { Filter = new EventFilter { AgentId = agent } })
            with { Shows = past => new TailEventsRequest { Cursor = past.Cursor } },
        ["AuditService/GetDecision"] = new()
        {
            Shows = past => new GetDecisionRequest { DecisionId = past.Own },
            Hides = id => new GetDecisionRequest { DecisionId = id },
        },
        ["AuditService/VerifyLog"] = Cluster,
        ["ClusterService/GetStatus"] = Tenant,
        ["ClusterService/GetLimits"] = Tenant,
    };

    private readonly AgentService.AgentServiceClient _agents = new(server.Channel);
    private readonly TenantService.TenantServiceClient _tenants = new(server.Channel);

    [Fact]
    public void Matrix_HasARowForEveryMethod_AndNarrowsEveryOneThatSpeaksOfAgents()
    {
        Assert.Equal(Rows.Keys.Order(), EveryMethod.All.Select(EveryMethod.NameOf).Order());
        Assert.Equal(
            Rows.Where(row => row.Value.Names.Length > 0 || row.Value.Shows is not null || row.Value == Trial).Select(row => row.Key).Order(),
            EveryMethod.All.Where(EveryMethod.SpeaksOfAgents).Select(EveryMethod.NameOf).Order());
    }

    [Fact]
    public async Task MethodThatNamesAnAgent_OutsideTheBinding_IsRefusedWhetherItExistsOrNot_AndChangesNothing()
    {
        var (admin, bound, _) = await NewTenantAsync();
        var before = await _agents.GetAgentAsync(new GetAgentRequest { AgentId = "other-1" }, server.With(admin));
        foreach (var (method, request, agent) in from method in EveryMethod.All
                                                 from request in Rows[EveryMethod.NameOf(method)].Names
                                                 select (method, request, $"mine-{Guid.NewGuid():N}"))
        {
            await _agents.PutAgentAsync(new PutAgentRequest { AgentId = agent }, server.With(bound));

            var own = await EveryMethod.CallAsync(server, method, bound, request(agent), IsOpen);
            var refusals = new List<string>();
            foreach (var foreign in new[] { "other-1", "nobody", "mine" })
            {
                var refused = Assert.Single((await EveryMethod.CallAsync(server, method, bound, request(foreign), IsOpen)).Refusals);
                Assert.Equal((int)StatusCode.PermissionDenied, refused.Code);
                refusals.Add(MethodAnswer.Describe(refused).Replace(foreign, "", StringComparison.Ordinal));
            }

            Assert.True(!own.Reasons.Contains("AGENT_NOT_BOUND"), $"{method.FullName} refuses an agent of the binding");
            Assert.Contains("AGENT_NOT_BOUND", Assert.Single(refusals.Distinct()), StringComparison.Ordinal);
        }

        static bool IsOpen(MethodAnswer answer) => answer.Messages is [TailEventsResponse, ..];

        Assert.Equal(before, await _agents.GetAgentAsync(new GetAgentRequest { AgentId = "other-1" }, server.With(admin)));
        Assert.Equal((2, 0), await server.UsageAsync(admin, "other-1"));
        Assert.Null(await server.UsageAsync(admin, "nobody"));
    }

    [Fact]
    public async Task MethodThatShowsAgents_ShowsABoundKeyThoseOfItsBinding_AndAnotherKeyAll()
    {
        var (admin, bound, past) = await NewTenantAsync();
        var everything = await server.NewKeyAsync(admin, ["admin"], "*");
        foreach (var method in EveryMethod.All.Where(method => Rows[EveryMethod.NameOf(method)].Shows is not null))
        {
            var row = Rows[EveryMethod.NameOf(method)];

            var shown = await EveryMethod.CallAsync(server, method, bound, row.Shows!(past), HasAll);
            var all = await EveryMethod.CallAsync(server, method, everything, row.Shows!(past), HasAll);

            string[] expected = row.Hides is null ? ["mine-1", "mine-2"] : ["mine-2"];
            Assert.True(expected.SequenceEqual(shown.Agents.Distinct().Order()), $"{method.FullName} shows {string.Join(' ', shown.Agents.Distinct())}{shown.Failure}");
            Assert.True(row.Hides is not null || all.Agents.Contains("other-1"), $"{method.FullName} shows nobody `other-1`");
        }

        // A tail has no end; the last that was asked about comes last.
        static bool HasAll(MethodAnswer answer) => answer.Messages is [TailEventsResponse, ..] && answer.Agents.Contains("mine-2");
    }

    [Fact]
    public async Task DecisionOfAnAgentOutsideTheBinding_ReadsLikeOneThatDoesNotExist()
    {
        var (_, bound, past) = await NewTenantAsync();
        var method = EveryMethod.All.Single(method => Rows[EveryMethod.NameOf(method)].Hides is not null);
        var unknown = Ulid.NewUlid(Ulid.Parse(past.Foreign).Time).ToString();

        var refusals = new List<string>();
        foreach (var id in new[] { past.Foreign, unknown })
        {
            var answer = await EveryMethod.CallAsync(server, method, bound, Rows[EveryMethod.NameOf(method)].Hides!(id), _ => false);
            Assert.Equal(StatusCode.NotFound, answer.Failure?.StatusCode);
            refusals.Add($"{MethodAnswer.Describe(Assert.Single(answer.Refusals))} {answer.Failure!.Trailers.Sum(trailer => trailer.ValueBytes.Length)}".Replace(id, "", StringComparison.Ordinal));
        }

        Assert.Single(refusals.Distinct());
    }

    [Fact]
    public async Task KeyOutsideTheBinding_IsNeitherMadeNorShownNorEnded()
    {
        var (admin, bound, _) = await NewTenantAsync();
        var within = await CreateAsync(admin, "mine-1");
        var (wider, unbound, mixed) = (await CreateAsync(admin, "m*"), await CreateAsync(admin), await CreateAsync(admin, "mine-2", "other-1"));

        var shown = await _tenants.ListKeysAsync(new ListKeysRequest(), server.With(bound));
        foreach (var foreign in new[] { wider, unbound, mixed, "absent" })
        {
            await RpcAssert.FailsAsync(StatusCode.NotFound, "KEY_NOT_FOUND", _tenants.RevokeKeyAsync(new RevokeKeyRequest { KeyId = foreign }, server.With(bound)));
        }

        await RpcAssert.FailsAsync(StatusCode.PermissionDenied, "BINDING_NOT_HELD", Create(bound, "m*"));
        var made = await Create(bound);
        await _tenants.RevokeKeyAsync(new RevokeKeyRequest { KeyId = within }, server.With(bound));
        Assert.Equal([bound.Split('_')[2], within], shown.Keys.Select(key => key.KeyId));
        Assert.Equal(["mine-*"], made.KeyInfo.Agents);
        Assert.Equal(
            [within], (await _tenants.ListKeysAsync(new ListKeysRequest(), server.With(admin))).Keys.Where(key => key.RevokedAt is not null).Select(key => key.KeyId));

        AsyncUnaryCall<CreateKeyResponse> Create(string by, params string[] agents) =>
            _tenants.CreateKeyAsync(new CreateKeyRequest { Scopes = { "admin" }, Agents = { agents } }, server.With(by));

        async Task<string> CreateAsync(string by, params string[] agents) => (await Create(by, agents)).KeyInfo.KeyId;
    }

    [Fact]
    public async Task LimitThatTheTenantShares_IsNotABoundKeysToAdjust()
    {
        const string limits = """{"name":"p","rules":[{"allow":"use"}],"limits":[{"name":"all","metric":"requests","limit":5,"window":"month","per":"tenant"},{"name":"one","metric":"requests","limit":5,"window":"month","per":"agent"}]}""";
        var (_, admin) = await server.NewTenantWithAsync(limits);
        var (bound, everything) = (await server.NewKeyAsync(admin, ["admin"], "mine-*"), await server.NewKeyAsync(admin, ["admin"], "*"));
        await _agents.PutAgentAsync(new PutAgentRequest { AgentId = "mine-1" }, server.With(bound));

        await RpcAssert.FailsAsync(StatusCode.PermissionDenied, "LIMIT_NOT_BOUND", Adjust(bound, "all"));
        Assert.Equal(4, (await Adjust(bound, "one")).Limit.Limit);
        Assert.Equal(4, (await Adjust(everything, "all")).Limit.Limit);
        Assert.Equal(3, (await Adjust(admin, "all")).Limit.Limit);

        AsyncUnaryCall<AdjustQuotaResponse> Adjust(string key, string limit) => _agents.AdjustQuotaAsync(
            new AdjustQuotaRequest { AgentId = "mine-1", Policy = "p", Limit = limit, Delta = -1, Reason = "r" }, server.With(key));
    }

    [Fact]
    public async Task MethodOfTheWholeTenant_AnswersABoundKeyAsAnyOther()
    {
        var (admin, bound, _) = await NewTenantAsync();
        var free = await server.NewKeyAsync(admin, ["admin"]);
        foreach (var method in EveryMethod.All.Where(method => Rows[EveryMethod.NameOf(method)] == Tenant))
        {
            var (one, other) = (await AskAsync(bound), await AskAsync(free));
            Assert.True(one == other, $"{method.FullName} answers {one}, not {other}");

            async Task<string> AskAsync(string key)
            {
                var answer = await EveryMethod.CallAsync(server, method, key, method.InputType.Parser.ParseFrom([]), _ => true);
                return $"{answer.Failure?.StatusCode} {string.Join(' ', answer.Reasons)} {answer.Messages.Count}";
            }
        }
    }

    [Fact]
    public async Task MethodOfTheCluster_IsNoBoundKeys_BecauseItsScopeCannotBeGiven()
    {
        var (_, bound, _) = await NewTenantAsync();
        await RpcAssert.FailsAsync(
            StatusCode.PermissionDenied,
            "SCOPE_NOT_HELD",
            _tenants.CreateKeyAsync(new CreateKeyRequest { Scopes = { "cluster:admin" }, Agents = { "mine-*" } }, server.With()));
        foreach (var method in EveryMethod.All.Where(method => Rows[EveryMethod.NameOf(method)] == Cluster))
        {
            var answer = await EveryMethod.CallAsync(server, method, bound, method.InputType.Parser.ParseFrom([]), _ => true);
            Assert.Equal([$"{method.Name} SCOPE_REQUIRED"], answer.Reasons.Select(reason => $"{method.Name} {reason}"));
        }
    }

    private static EnforceRequest Ask(string agent) => new() { AgentId = agent, Action = "use", Resource = "r" };

    private static Row Naming(params Func<string, IMessage>[] requests) => new() { Names = requests };

    // Decisions about agents of both sides, the last of one of the binding.
    private async Task<(string Admin, string Bound, Past Past)> NewTenantAsync()
    {
        var (_, admin) = await server.NewTenantWithAsync(Policy);
        var bound = await server.NewKeyAsync(admin, ["admin"], "mine-*");
        using var tail = new AuditService.AuditServiceClient(server.Channel).TailEvents(new TailEventsRequest(), server.With(admin));
        Assert.True(await tail.ResponseStream.MoveNext(CancellationToken.None));
        var ids = new List<string>();
        foreach (var agent in new[] { "other-1", "mine-1", "other-1", "mine-2" })
        {
            ids.Add((await new EnforcementService.EnforcementServiceClient(server.Channel).EnforceAsync(Ask(agent), server.With(admin))).DecisionId);
        }

        return (admin, bound, new Past(tail.ResponseStream.Current.Cursor, ids[0], ids[^1]));
    }

    /// <summary>What a method does with a binding.</summary>
    private sealed record Row
    {
        /// <summary>Of one that does nothing with agents: why.</summary>
        public string Why { get; init; } = "";

        /// <summary>Requests that name an agent: outside the binding it is refused.</summary>
        public Func<string, IMessage>[] Names { get; init; } = [];

        /// <summary>A request whose answer shows agents: those of the binding alone.</summary>
        public Func<Past, IMessage>? Shows { get; init; }

        /// <summary>A request for one thing by its id: outside the binding it does not exist.</summary>
        public Func<string, IMessage>? Hides { get; init; }
    }

    private sealed record Past(string Cursor, string Foreign, string Own);
}
