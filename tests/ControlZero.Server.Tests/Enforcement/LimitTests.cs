using ControlZero.Protocol.V1;
using ControlZero.Server.Tests.Hosting;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlZero.Server.Tests.Enforcement;

/// <summary>Limits as callers see them.</summary>
[Collection(RunningServerCollection.Name)]
public sealed class LimitTests(RunningServer server)
{
    private const string Tokens = """
        { "name": "p", "rules": [ { "allow": "llm.*" } ],
          "limits": [ { "name": "tokens", "metric": "total_tokens", "limit": 1000, "window": "month", "timezone": "Europe/Berlin", "per": "agent" } ] }
        """;

    private readonly EnforcementService.EnforcementServiceClient _enforcement = new(server.Channel);
    private readonly AgentService.AgentServiceClient _agents = new(server.Channel);

    [Fact]
    public async Task Enforce_UnderALimit_AnswersReservationAndWhatIsLeft()
    {
        var (_, key) = await server.NewTenantWithAsync(Tokens);

        var answer = await _enforcement.EnforceAsync(Ask(300, 400), server.With(key));

        var limit = Assert.Single(answer.Limits);
        Assert.Equal(
            ("p", "tokens", "total_tokens", "agent", "month", "tokens", 1000L, 700L, 300L),
            (limit.Policy, limit.Name, limit.Metric, limit.Per, limit.Window, limit.Unit, limit.Limit, limit.Used, limit.Remaining));
        Assert.NotEmpty(answer.Reservation.Token);
        Assert.True(answer.Reservation.ExpiresAt.ToDateTime() < limit.ResetsAt.ToDateTime());
        Assert.Null(answer.RetryAfter);
    }

    [Fact]
    public async Task Enforce_PastALimit_IsADenyThatSaysWhenToAskAgain()
    {
        var (_, key) = await server.NewTenantWithAsync(Tokens);
        await _enforcement.EnforceAsync(Ask(300, 400), server.With(key));

        var answer = await _enforcement.EnforceAsync(Ask(1, 300), server.With(key));

        Assert.Equal((Decision.Deny, "QUOTA_EXCEEDED", "synthetic:QUOTA_EXCEEDED", "deny"), (answer.Decision, answer.ReasonCode, answer.RuleId, answer.Effect));
        Assert.Contains("tokens", answer.Reason, StringComparison.Ordinal);
        Assert.Equal((700, 300), (answer.Limits[0].Used, answer.Limits[0].Remaining));
        Assert.True(answer.RetryAfter.ToTimeSpan() > TimeSpan.Zero);
        Assert.Null(answer.Reservation);
        Assert.Equal("ESTIMATE_REQUIRED", (await _enforcement.EnforceAsync(Ask(null, null), server.With(key))).ReasonCode);
    }

    [Fact]
    public async Task Settle_WithRealUse_GivesTheRestBack()
    {
        var (_, key) = await server.NewTenantWithAsync(Tokens);
        var answer = await _enforcement.EnforceAsync(Ask(300, 400), server.With(key));
        var settle = new SettleRequest { Token = answer.Reservation.Token, AgentId = "bot", Usage = new Usage { InputTokens = 290, OutputTokens = 10 } };

        var settled = await _enforcement.SettleAsync(settle, server.With(key));
        var again = await _enforcement.SettleAsync(settle, server.With(key));
        settle.Usage.OutputTokens = 11;
        await RpcAssert.FailsAsync(StatusCode.AlreadyExists, "IDEMPOTENCY_MISMATCH", _enforcement.SettleAsync(settle, server.With(key)));

        Assert.Equal((300L, false, false), (settled.Limits[0].Used, settled.Replayed, settled.Overrun));
        Assert.True(again.Replayed);
        var usage = await _agents.GetUsageAsync(new GetUsageRequest { AgentId = "bot" }, server.With(key));
        Assert.Equal(300, Assert.Single(usage.Limits).Used);
    }

    [Fact]
    public async Task Cancel_GivesEverythingBack_AndAnUnknownTokenIsNotFound()
    {
        var (_, key) = await server.NewTenantWithAsync(Tokens);
        var answer = await _enforcement.EnforceAsync(Ask(300, 400), server.With(key));

        var cancelled = await _enforcement.CancelAsync(new CancelRequest { Token = answer.Reservation.Token, AgentId = "bot" }, server.With(key));

        Assert.Equal(0, cancelled.Limits[0].Used);
        await RpcAssert.FailsAsync(
            StatusCode.NotFound, "RESERVATION_NOT_FOUND", _enforcement.CancelAsync(new CancelRequest { Token = "none", AgentId = "bot" }, server.With(key)));
    }

    [Fact]
    public async Task Enforce_TheSameRequestIdAgain_IsReplayed_AndAnotherQuestionIsRefused()
    {
        var (_, key) = await server.NewTenantWithAsync(Tokens);
        var ask = Ask(300, 400);
        ask.RequestId = "r1";
        var first = await _enforcement.EnforceAsync(ask, server.With(key));

        var again = await _enforcement.EnforceAsync(ask, server.With(key));
        ask.Estimate.InputTokens = 301;
        await RpcAssert.FailsAsync(StatusCode.AlreadyExists, "IDEMPOTENCY_MISMATCH", _enforcement.EnforceAsync(ask, server.With(key)));

        Assert.Equal((false, true), (first.Replayed, again.Replayed));
        Assert.Equal((first.Reservation.Token, 700L), (again.Reservation.Token, again.Limits[0].Used));
        Assert.NotEqual(first.DecisionId, again.DecisionId);
    }

    [Fact]
    public async Task AdjustQuota_AddsToALimitForATime()
    {
        var (_, key) = await server.NewTenantWithAsync(Tokens);
        await _enforcement.EnforceAsync(Ask(600, 400), server.With(key));
        var request = new AdjustQuotaRequest
        {
            AgentId = "bot", Policy = "p", Limit = "tokens", Delta = 500, Reason = "incident 7", ExpiresIn = Duration.FromTimeSpan(TimeSpan.FromHours(1)),
        };

        var adjusted = await _agents.AdjustQuotaAsync(request, server.With(key));
        request.Limit = "none";
        await RpcAssert.FailsAsync(StatusCode.NotFound, "LIMIT_NOT_FOUND", _agents.AdjustQuotaAsync(request, server.With(key)));

        Assert.Equal((1500, 1000, 500), (adjusted.Limit.Limit, adjusted.Limit.Used, adjusted.Limit.Remaining));
        Assert.Equal(Decision.Allow, (await _enforcement.EnforceAsync(Ask(100, 400), server.With(key))).Decision);
    }

    [Fact]
    public async Task GetAccess_SaysWhatMayBeUsedAndWhichLimitIsReachedFirst()
    {
        var (_, key) = await server.NewTenantWithAsync("""
            { "name": "p", "rules": [ { "id": "big", "deny": "llm.*", "resource": "model/a/big" }, { "id": "rest", "allow": "llm.*", "resource": ["model/a/small", "model/b/*"] } ],
              "limits": [ { "name": "all", "metric": "requests", "limit": 10, "window": "month" },
                          { "name": "b", "metric": "requests", "limit": 2, "window": "month", "resource": "model/b/*" } ] }
            """);
        await _agents.PutAgentAsync(new PutAgentRequest { AgentId = "bot" }, server.With(key));
        await _enforcement.EnforceAsync(new EnforceRequest { AgentId = "bot", Action = "llm.generate", Resource = "model/b/x" }, server.With(key));
        var question = new GetAccessRequest { AgentId = "bot", Resources = { "model/a/big", "model/a/small", "model/b/x", "model/c" } };

        var access = await _enforcement.GetAccessAsync(question, server.With(key));
        await _enforcement.EnforceAsync(new EnforceRequest { AgentId = "bot", Action = "llm.generate", Resource = "model/b/x" }, server.With(key));
        var later = await _enforcement.GetAccessAsync(question, server.With(key));
        question.Resources.Clear();
        question.PageSize = 1;
        var named = await _enforcement.GetAccessAsync(question, server.With(key));
        question.PageToken = named.NextPageToken;
        question.AllowedOnly = true;
        var rest = await _enforcement.GetAccessAsync(question, server.With(key));

        Assert.Equal([Decision.Deny, Decision.Allow, Decision.Allow, Decision.Deny], access.Resources.Select(resource => resource.Decision));
        Assert.Equal(["big", "rest", "rest"], access.Resources.Take(3).Select(resource => resource.RuleId));
        Assert.Equal([("all", 9L), ("b", 1L)], access.Limits.Select(limit => (limit.Name, limit.Remaining)));
        Assert.Equal([0], access.Resources[1].Limits);
        Assert.Equal(1, access.Resources[2].TightestLimit);
        Assert.Equal([0, 1], access.Resources[2].Limits);
        Assert.Equal((Decision.Deny, "QUOTA_EXCEEDED"), (later.Resources[2].Decision, later.Resources[2].ReasonCode));
        Assert.Equal(["model/a/big"], named.Resources.Select(resource => resource.Resource));
        Assert.Equal(["model/a/small"], rest.Resources.Select(resource => resource.Resource));
        Assert.Equal("", rest.NextPageToken);
    }

    [Fact]
    public async Task Explain_OfALimitedRequest_SaysWhatEachLimitWouldMakeOfIt_AndChargesNothing()
    {
        var (_, key) = await server.NewTenantWithAsync("""
            { "name": "p", "rules": [ { "allow": "llm.*" } ],
              "limits": [ { "name": "calls", "metric": "requests", "limit": 10, "window": "month", "per": "tenant" },
                          { "name": "tokens", "metric": "total_tokens", "limit": 1000, "window": "month" },
                          { "name": "other", "metric": "requests", "limit": 1, "window": "month", "resource": "model/b/*" } ] }
            """);
        await _enforcement.EnforceAsync(Ask(300, 400), server.With(key));

        var fits = await _enforcement.ExplainAsync(new ExplainRequest { Request = Ask(100, 200) }, server.With(key));
        var tooMuch = await _enforcement.ExplainAsync(new ExplainRequest { Request = Ask(100, 201) }, server.With(key));
        var unknown = await _enforcement.ExplainAsync(new ExplainRequest { Request = Ask(null, null) }, server.With(key));

        Assert.Equal((Decision.Allow, 2), (fits.Response.Decision, fits.Response.Limits.Count));
        Assert.Equal(
            [("tokens", 700L, 300L, 300L, false), ("calls", 1L, 9L, 1L, false)],
            fits.Limits.Select(limit => (limit.State.Name, limit.State.Used, limit.State.Remaining, limit.Units, limit.Denies)));
        Assert.Equal((Decision.Deny, "QUOTA_EXCEEDED"), (tooMuch.Response.Decision, tooMuch.Response.ReasonCode));
        Assert.True(tooMuch.Response.RetryAfter.ToTimeSpan() > TimeSpan.Zero);
        Assert.Equal([true, false], tooMuch.Limits.Select(limit => limit.Denies));
        Assert.Equal("ESTIMATE_REQUIRED", unknown.Response.ReasonCode);
        var usage = await _agents.GetUsageAsync(new GetUsageRequest { AgentId = "bot" }, server.With(key));
        Assert.Equal((1L, 700L), (usage.Allowed, usage.Limits.Single(limit => limit.Name == "tokens").Used));
    }

    [Fact]
    public async Task PutAgent_WithLimits_CountsThemBesideThoseOfThePolicies()
    {
        var (_, key) = await server.NewTenantWithAsync(Tokens);
        await _agents.PutAgentAsync(WithLimits(new AgentLimit { Name = "few", Metric = "requests", Limit = 2, Window = "month" }), server.With(key));

        var first = await _enforcement.EnforceAsync(Ask(1, 1), server.With(key));
        await _enforcement.EnforceAsync(Ask(1, 1), server.With(key));
        var third = await _enforcement.EnforceAsync(Ask(1, 1), server.With(key));

        Assert.Equal([("p", "tokens"), ("", "few")], first.Limits.Select(limit => (limit.Policy, limit.Name)));
        Assert.Equal((Decision.Deny, "QUOTA_EXCEEDED"), (third.Decision, third.ReasonCode));
        Assert.Contains("`few` of the agent's own", third.Reason, StringComparison.Ordinal);
        Assert.Equal(4, third.Limits[0].Used);

        // Without limits they stay; others replace them; an empty list takes them away. What was used stays with the name.
        await _agents.PutAgentAsync(new PutAgentRequest { AgentId = "bot" }, server.With(key));
        Assert.Equal(Decision.Deny, (await _enforcement.EnforceAsync(Ask(1, 1), server.With(key))).Decision);
        var more = await _agents.PutAgentAsync(WithLimits(new AgentLimit { Name = "few", Metric = "requests", Limit = 3, Window = "month" }), server.With(key));
        Assert.Equal((3L, 3L), (more.Agent.Version, Assert.Single(more.Agent.Limits).Limit));
        Assert.Equal((3L, 0L), (await _enforcement.EnforceAsync(Ask(1, 1), server.With(key))).Limits[1] is var own ? (own.Used, own.Remaining) : default);
        var adjusted = await _agents.AdjustQuotaAsync(new AdjustQuotaRequest { AgentId = "bot", Limit = "few", Delta = 1, Reason = "r" }, server.With(key));
        Assert.Equal((4L, 1L), (adjusted.Limit.Limit, adjusted.Limit.Remaining));
        await _agents.PutAgentAsync(WithLimits(), server.With(key));
        Assert.Single((await _enforcement.EnforceAsync(Ask(1, 1), server.With(key))).Limits);
    }

    [Fact]
    public async Task PutAgent_WithLimitsThatAreWrong_TellsEveryFault()
    {
        var (_, key) = await server.NewTenantAsync();
        var request = WithLimits(
            new AgentLimit { Metric = "rpm", Limit = -1 },
            new AgentLimit { Name = "a", Metric = "in_flight", Limit = 1, Window = "1m" },
            new AgentLimit { Name = "a", Metric = "requests", Limit = 5, Window = "minute", DefaultEstimate = 1, Actions = { "" }, Resources = { "model/[" } },
            new AgentLimit { Name = "b", Metric = "cost_usd", Limit = 5, Window = "day", Timezone = "Europe/Berlin", DefaultEstimate = 6 });

        await RpcAssert.RefusesAsync(
            _agents.PutAgentAsync(request, server.With(key)),
            ("limits.limits[0].name", "FIELD_REQUIRED"),
            ("limits.limits[0].metric", "FIELD_VALUE"),
            ("limits.limits[0].limit", "NUMBER_RANGE"),
            ("limits.limits[0].window", "FIELD_REQUIRED"),
            ("limits.limits[1].window", "FIELD_VALUE"),
            ("limits.limits[2].window", "FIELD_VALUE"),
            ("limits.limits[2].default_estimate", "FIELD_VALUE"),
            ("limits.limits[2].actions[0]", "PATTERN_SYNTAX"),
            ("limits.limits[2].resources[0]", "PATTERN_SYNTAX"),
            ("limits.limits[3].default_estimate", "NUMBER_RANGE"),
            ("limits.limits", "FIELD_VALUE"));
        await RpcAssert.RefusesAsync(
            _agents.PutAgentAsync(WithLimits([.. Enumerable.Repeat(new AgentLimit(), 17)]), server.With(key)), ("limits.limits", "TOO_MANY"));
    }

    [Theory]
    [InlineData(-1, 0, "estimate.input_tokens")]
    [InlineData(0, 1_000_000_000_001, "estimate.max_output_tokens")]
    public async Task Enforce_WithAFigureOutOfRange_NamesIt(long input, long output, string field)
    {
        var (_, key) = await server.NewTenantWithAsync(Tokens);

        await RpcAssert.RefusesAsync(_enforcement.EnforceAsync(Ask(input, output), server.With(key)), (field, "NUMBER_RANGE"));
    }

    private static PutAgentRequest WithLimits(params AgentLimit[] limits) => new() { AgentId = "bot", Limits = new AgentLimits { Limits = { limits } } };

    private static EnforceRequest Ask(long? input, long? output)
    {
        var request = new EnforceRequest { AgentId = "bot", Action = "llm.generate", Resource = "model/openai/gpt-4" };
        if (input is not null && output is not null)
        {
            request.Estimate = new Estimate { InputTokens = input.Value, MaxOutputTokens = output.Value };
        }

        return request;
    }
}
