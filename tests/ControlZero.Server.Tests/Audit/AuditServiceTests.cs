using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlZero.Server.Tests.Audit;

/// <summary>The log as callers read it, from a server's own files.</summary>
[Collection(RunningServerCollection.Name)]
public sealed class AuditServiceTests(RunningServer server)
{
    private const string Allowed = "model/openai/gpt-4";
    private const string Document = """{"name":"models","rules":[{"id":"gpt","effect":"allow","action":"llm.generate","resource":"model/openai/gpt-4"},{"effect":"warn","action":"tool.*"}]}""";

    private AuditService.AuditServiceClient Audit => new(server.Channel);

    private EnforcementService.EnforcementServiceClient Enforcement => new(server.Channel);

    [Fact]
    public async Task Decision_RightAfterItsAnswer_IsFoundAndEqualsIt()
    {
        var (_, key) = await server.NewTenantWithAsync(Document);

        var answer = await Enforcement.EnforceAsync(Ask(Allowed), server.With(key));
        var found = await Audit.GetDecisionAsync(new GetDecisionRequest { DecisionId = answer.DecisionId }, server.With(key));

        var audited = Assert.Single(found.Events);
        Assert.Equal(
            (answer.DecisionId, answer.RequestId, answer.Decision, answer.RuleId, answer.PolicyVersion, answer.PolicyEpoch, AuditEventKind.Decision),
            (audited.DecisionId, audited.RequestId, audited.Decision, audited.RuleId, audited.PolicyVersion, audited.PolicyEpoch, audited.Kind));
        Assert.Equal(("bot", "llm.generate", Allowed, key.Split('_')[2]), (audited.AgentId, audited.Action, audited.Resource, audited.KeyId));
    }

    [Fact]
    public async Task Decision_OfAnotherTenant_ReadsLikeOneThatDoesNotExist()
    {
        var (_, key) = await server.NewTenantWithAsync(Document);
        var (_, other) = await server.NewTenantWithAsync(Document);
        var answer = await Enforcement.EnforceAsync(Ask(Allowed), server.With(key));
        var unknown = Ulid.NewUlid(Ulid.Parse(answer.DecisionId).Time).ToString();

        var (foreign, absent) = (await FailAsync(answer.DecisionId, other), await FailAsync(unknown, other));

        Assert.Equal(absent.Replace(unknown, answer.DecisionId, StringComparison.Ordinal), foreign);
        Assert.StartsWith("NotFound there is no decision", foreign, StringComparison.Ordinal);
        Assert.Empty((await Audit.QueryEventsAsync(new QueryEventsRequest(), server.With(other))).Events);

        async Task<string> FailAsync(string id, string by)
        {
            var failure = await Assert.ThrowsAsync<RpcException>(
                () => Audit.GetDecisionAsync(new GetDecisionRequest { DecisionId = id }, server.With(by)).ResponseAsync);
            var info = Assert.Single(failure.GetRpcStatus()!.Details).Unpack<Google.Rpc.ErrorInfo>();
            return $"{failure.StatusCode} {failure.Status.Detail} {info} {failure.Trailers.Sum(trailer => trailer.ValueBytes.Length)}";
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("01ARZ3NDEKTSV4RRFFQ69G5FA!")]
    [InlineData("01arz3ndektsv4rrffq69g5fav")]
    public async Task DecisionId_ThatIsNone_IsRefused(string id) => await RpcAssert.FailsAsync(
        StatusCode.InvalidArgument, "DECISION_ID_SYNTAX", Audit.GetDecisionAsync(new GetDecisionRequest { DecisionId = id }, server.With()));

    [Fact]
    public async Task Events_ByEveryFilter_AreThoseThatMatchTheNewestFirst()
    {
        var (_, key) = await server.NewTenantWithAsync(Document);
        var answers = new List<(EnforceRequest Request, EnforceResponse Response)>();
        foreach (var request in new[]
        {
            Ask(Allowed), Ask("model/x"), Ask(Allowed, "other"), Ask(null, action: "tool.read"),
            new EnforceRequest { AgentId = "bot", Action = "llm.generate", CandidateResources = { Allowed, "model/x" } },
        })
        {
            answers.Add((request, await Enforcement.EnforceAsync(request, server.With(key))));
        }

        await Check(new EventFilter(), _ => true);
        await Check(new EventFilter { AgentId = "bot" }, each => each.Request.AgentId == "bot");
        await Check(new EventFilter { Effect = "warn" }, each => each.Response.Effect == "warn");
        await Check(new EventFilter { Effect = "allow", AgentId = "other" }, each => each.Response.Effect == "allow" && each.Request.AgentId == "other");
        await Check(new EventFilter { Policy = "models" }, each => each.Response.Policy == "models");
        await Check(new EventFilter { RuleId = "gpt" }, each => each.Response.RuleId == "gpt");
        await Check(new EventFilter { Model = "x" }, each => each.Request.Resource == "model/x" || each.Request.CandidateResources.Contains("model/x"));
        await Check(new EventFilter { Model = "nothing" }, _ => false);

        async Task Check(EventFilter filter, Func<(EnforceRequest Request, EnforceResponse Response), bool> matches)
        {
            var page = await Audit.QueryEventsAsync(new QueryEventsRequest { Filter = filter }, server.With(key));
            Assert.Equal(answers.Where(matches).Reverse().Select(each => each.Response.DecisionId), page.Events.Select(each => each.DecisionId));
            Assert.Equal(("", 0), (page.NextPageToken, page.UnreachableSilos.Count));
        }
    }

    [Fact]
    public async Task Events_PageByPage_AreAllOfThemOnce()
    {
        var (_, key) = await server.NewTenantWithAsync(Document);
        var batch = await Enforcement.EnforceBatchAsync(
            new EnforceBatchRequest { Requests = { Enumerable.Range(0, 25).Select(_ => Ask(Allowed)) } }, server.With(key));

        var request = new QueryEventsRequest { PageSize = 7 };
        var seen = new List<string>();
        do
        {
            var page = await Audit.QueryEventsAsync(request, server.With(key));
            Assert.InRange(page.Events.Count, 0, 7);
            seen.AddRange(page.Events.Select(each => each.DecisionId));
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);

        Assert.Equal(batch.Results.Select(result => result.Response.DecisionId).Order(), seen.Order());
        Assert.Equal(25, seen.Distinct().Count());
    }

    [Fact]
    public async Task Events_ForABoundKey_AreThoseOfItsAgentsInFullPages()
    {
        var (_, admin) = await server.NewTenantWithAsync(Document);
        var batch = await Enforcement.EnforceBatchAsync(
            new EnforceBatchRequest { Requests = { Enumerable.Range(0, 60).Select(number => Ask(Allowed, number % 4 == 0 ? $"team-{number % 3}" : "other")) } }, server.With(admin));
        var bound = await server.NewKeyAsync(admin, ["audit:read"], "team-*");

        var request = new QueryEventsRequest { PageSize = 4 };
        var (seen, sizes) = (new List<string>(), new List<int>());
        do
        {
            var page = await Audit.QueryEventsAsync(request, server.With(bound));
            sizes.Add(page.Events.Count);
            seen.AddRange(page.Events.Select(each => each.DecisionId));
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);

        Assert.Equal(batch.Results.Where((_, number) => number % 4 == 0).Select(result => result.Response.DecisionId).Order(), seen.Order());
        Assert.Equal([4, 4, 4, 3], sizes);
    }

    [Fact]
    public async Task PageToken_OfAnotherTenantOrFilter_IsRefused()
    {
        var (_, key) = await server.NewTenantWithAsync(Document);
        var (_, other) = await server.NewTenantWithAsync(Document);
        await Enforcement.EnforceBatchAsync(new EnforceBatchRequest { Requests = { Ask(Allowed), Ask(Allowed) } }, server.With(key));
        var token = (await Audit.QueryEventsAsync(new QueryEventsRequest { PageSize = 1 }, server.With(key))).NextPageToken;

        Assert.NotEqual("", token);
        await RpcAssert.FailsAsync(
            StatusCode.InvalidArgument, "PAGE_TOKEN_INVALID", Audit.QueryEventsAsync(new QueryEventsRequest { PageSize = 1, PageToken = token }, server.With(other)));
        await RpcAssert.FailsAsync(
            StatusCode.InvalidArgument,
            "PAGE_TOKEN_INVALID",
            Audit.QueryEventsAsync(new QueryEventsRequest { PageSize = 1, PageToken = token, Filter = new EventFilter { Effect = "deny" } }, server.With(key)));
        await RpcAssert.FailsAsync(
            StatusCode.InvalidArgument, "PAGE_TOKEN_INVALID", Audit.QueryEventsAsync(new QueryEventsRequest { PageToken = $"{token}A" }, server.With(key)));
    }

    [Fact]
    public async Task Events_OfATime_AreThoseFromItsBeginningToBeforeItsEnd()
    {
        var (_, key) = await server.NewTenantWithAsync(Document);
        await Enforcement.EnforceAsync(Ask(Allowed), server.With(key));
        var time = Assert.Single((await Audit.QueryEventsAsync(new QueryEventsRequest(), server.With(key))).Events).Time;
        var tick = new Duration { Nanos = 100 };

        Assert.Equal(1, await Count(time, null));
        Assert.Equal(1, await Count(null, time + tick));
        Assert.Equal(0, await Count(null, time));
        Assert.Equal(0, await Count(time + tick, null));
        await RpcAssert.FailsAsync(
            StatusCode.InvalidArgument, "TIME_RANGE", Audit.QueryEventsAsync(new QueryEventsRequest { From = time + tick, To = time }, server.With(key)));
        await RpcAssert.FailsAsync(
            StatusCode.InvalidArgument,
            "TIME_RANGE",
            Audit.QueryEventsAsync(new QueryEventsRequest { From = new Timestamp { Seconds = long.MaxValue } }, server.With(key)));
        await RpcAssert.FailsAsync(
            StatusCode.InvalidArgument, "PAGE_SIZE_RANGE", Audit.QueryEventsAsync(new QueryEventsRequest { PageSize = -1 }, server.With(key)));

        async Task<int> Count(Timestamp? from, Timestamp? to) =>
            (await Audit.QueryEventsAsync(new QueryEventsRequest { From = from, To = to }, server.With(key))).Events.Count;
    }

    [Fact]
    public async Task Tail_ThatBreaks_GoesOnAtItsCursorAndMissesNothing()
    {
        var (_, key) = await server.NewTenantWithAsync(Document);
        var (_, other) = await server.NewTenantWithAsync(Document);
        await Enforcement.EnforceAsync(Ask(Allowed), server.With(key));
        string cursor, first, second;
        using (var tail = Audit.TailEvents(new TailEventsRequest(), server.With(key)))
        {
            Assert.Empty((await NextAsync(tail)).Events);
            await Enforcement.EnforceAsync(Ask(Allowed), server.With(other));
            first = (await Enforcement.EnforceAsync(Ask(Allowed), server.With(key))).DecisionId;
            var message = await NextAsync(tail);
            Assert.Equal([first], message.Events.Select(each => each.DecisionId));
            cursor = message.Cursor;
        }

        second = (await Enforcement.EnforceAsync(Ask(Allowed), server.With(key))).DecisionId;
        using var resumed = Audit.TailEvents(new TailEventsRequest { Cursor = cursor }, server.With(key));
        Assert.Empty((await NextAsync(resumed)).Events);
        Assert.Equal([second], (await NextAsync(resumed)).Events.Select(each => each.DecisionId));

        using var foreign = Audit.TailEvents(new TailEventsRequest { Cursor = cursor }, server.With(other));
        Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => NextAsync(foreign))).StatusCode);
    }

    private static async Task<TailEventsResponse> NextAsync(AsyncServerStreamingCall<TailEventsResponse> tail)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        Assert.True(await tail.ResponseStream.MoveNext(patience.Token));
        return tail.ResponseStream.Current;
    }

    private static EnforceRequest Ask(string? resource, string agent = "bot", string action = "llm.generate") =>
        new() { AgentId = agent, Action = action, Resource = resource ?? "" };
}
