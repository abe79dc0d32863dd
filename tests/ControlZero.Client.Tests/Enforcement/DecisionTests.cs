using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Client.Tests.Enforcement;

public sealed class DecisionTests : ClientTest
{
    private static readonly EnforceQuery Query = new() { Action = "llm.generate", Resource = "model/openai/gpt-4" };

    [Fact]
    public async Task Check_Allow_ReturnsTheWholeDecision()
    {
        Cluster.On<EnforceRequest>(request =>
        {
            var response = Answers.Allow();
            response.RequestId = request.RequestId;
            response.RetryAfter = Duration.FromTimeSpan(TimeSpan.FromSeconds(3));
            response.Replayed = true;
            response.ReasonLocalized["de"] = "erlaubt";
            return response;
        });

        var decision = await Client().CheckAsync(Query with { RequestId = "mine-1" });

        Assert.True(decision.Allowed);
        Assert.Equal(DecisionSource.Server, decision.Source);
        Assert.Equal(("allow", "RULE_MATCH", "rule `sonnet` allows it"), (decision.Effect, decision.ReasonCode, decision.Reason));
        Assert.Equal(("models", 3L, "sonnet", 0), (decision.Policy, decision.PolicyVersion, decision.RuleId, decision.RuleIndex));
        Assert.Equal(("01JD0000000000000000000000", "mine-1"), (decision.DecisionId, decision.RequestId));
        Assert.Equal((1, 7UL, true), (decision.EvaluatedRules, decision.PolicyEpoch, decision.Replayed));
        Assert.Equal(TimeSpan.FromSeconds(3), decision.RetryAfter);
        Assert.Equal("erlaubt", decision.ReasonLocalized["de"]);
    }

    [Fact]
    public async Task Check_WithAPolicyInShadow_HoldsWhatItWouldDecide_AndIsNotDecidedByIt()
    {
        var answer = Answers.Allow();
        answer.Shadow = new ShadowDecision { Decision = Decision.Deny, Effect = "deny", ReasonCode = "TOO_DEAR", RuleId = "no-b", Policy = "next", PolicyVersion = 2 };
        Cluster.On<EnforceRequest>(_ => answer);

        var decision = await Client().EnforceAsync(Query);

        Assert.Equal((true, new EnforceShadow(false, "deny", "TOO_DEAR", "no-b", "next", 2)), (decision.Allowed, decision.Shadow));
        Assert.Null((await With(Answers.Allow()).CheckAsync(Query)).Shadow);

        // Every field is shown.
        Assert.Equal(ShadowDecision.Descriptor.Fields.InDeclarationOrder().Count, typeof(EnforceShadow).GetProperties().Length);

        ControlZeroClient With(EnforceResponse next)
        {
            Cluster.On<EnforceRequest>(_ => next);
            return Client();
        }
    }

    [Fact]
    public async Task Check_Deny_IsAnAnswerAndNotAnError()
    {
        Cluster.On<EnforceRequest>(_ => Answers.Deny());

        var decision = await Client().CheckAsync(Query);

        Assert.False(decision.Allowed);
        Assert.Equal(DecisionSource.Server, decision.Source);
        Assert.Equal("synthetic:NO_RULE_MATCH", decision.RuleId);
        Assert.Null(decision.RuleIndex);
    }

    [Fact]
    public async Task Enforce_Deny_ThrowsWithTheWholeDecision()
    {
        Cluster.On<EnforceRequest>(_ => Answers.Deny());

        var error = await Assert.ThrowsAsync<PolicyDeniedException>(() => Client().EnforceAsync(Query));

        Assert.Equal("01JD0000000000000000000001", error.Decision.DecisionId);
        Assert.Equal(Query, error.Query);
        Assert.Equal("`llm.generate` on `model/openai/gpt-4` is denied (NO_RULE_MATCH): no rule matched", error.Message);
    }

    [Fact]
    public async Task Enforce_Allow_ReturnsTheDecision()
    {
        Cluster.On<EnforceRequest>(_ => Answers.Allow());

        var decision = await Client().EnforceAsync(Query);

        Assert.True(decision.Allowed);
    }

    [Theory]
    [InlineData("warn")]
    [InlineData("audit")]
    public async Task Check_PermittingEffect_IsAllowedAndTold(string effect)
    {
        Cluster.On<EnforceRequest>(_ => new EnforceResponse { Decision = Decision.Allow, Effect = effect });

        var decision = await Client().CheckAsync(Query);

        Assert.True(decision.Allowed);
        Assert.Equal(effect, decision.Effect);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public async Task Check_AnswerWithoutADecision_IsADenyWhateverTheOptionsSay(int value)
    {
        Cluster.On<EnforceRequest>(_ => new EnforceResponse { Decision = (Decision)value, Effect = "allow" });

        var decision = await Client(options => options.OnUnavailable = OnUnavailable.Allow).CheckAsync(Query);

        Assert.False(decision.Allowed);
        Assert.Equal(("deny", "STATE_UNAVAILABLE", DecisionSource.Client), (decision.Effect, decision.ReasonCode, decision.Source));
    }

    [Fact]
    public async Task ShortForms_ActionAndResource_AreAskedForTheClientsAgent()
    {
        Cluster.On<EnforceRequest>(_ => Answers.Allow());
        var client = Client();

        await client.CheckAsync("llm.generate", "model/x");
        await client.EnforceAsync("tool:run");

        var asked = Cluster.Received<EnforceRequest>();
        Assert.Equal([("agent-1", "llm.generate", "model/x"), ("agent-1", "tool:run", "")], asked.Select(r => (r.AgentId, r.Action, r.Resource)));
    }

    [Fact]
    public async Task Check_RequestIdNotGiven_EachQuestionHasANewOne()
    {
        Cluster.On<EnforceRequest>(_ => Answers.Allow());
        var client = Client();

        var first = await client.CheckAsync(Query);
        var second = await client.CheckAsync(Query);

        Assert.True(Guid.TryParse(first.RequestId, out _));
        Assert.NotEqual(first.RequestId, second.RequestId);
        Assert.Equal([first.RequestId, second.RequestId], Cluster.Received<EnforceRequest>().Select(r => r.RequestId));
    }

    [Fact]
    public async Task Check_UnknownObligation_IsADeny()
    {
        Cluster.On<EnforceRequest>(_ => Answers.Allow(new Obligation { Name = "redact_output" }));

        var decision = await Client(options => options.Obligations.Add("Redact_Output")).CheckAsync(Query);

        Assert.False(decision.Allowed);
        Assert.Equal(("deny", "OBLIGATION_UNKNOWN", DecisionSource.Client), (decision.Effect, decision.ReasonCode, decision.Source));
        Assert.Contains("`redact_output`", decision.Reason, StringComparison.Ordinal);
        Assert.Equal("01JD0000000000000000000000", decision.DecisionId);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Check_UnknownObligation_GivesBackWhatIsHeldForTheCall(bool isBatch)
    {
        var allow = Answers.Allow(new Obligation { Name = "redact_output" });
        allow.Reservation = new Reservation { Token = "held" };
        Cluster.On<EnforceRequest>(_ => allow);
        Cluster.On<EnforceBatchRequest>(_ => new EnforceBatchResponse { Results = { new EnforceBatchResult { Response = allow } } });
        Cluster.On<CancelRequest>(_ => new CancelResponse());
        var client = Client();

        var decision = isBatch ? (await client.CheckBatchAsync([Query with { AgentId = "writer" }]))[0].Decision! : await client.CheckAsync(Query with { AgentId = "writer" });

        Assert.Null(decision.Reservation);
        await client.DisposeAsync();
        Assert.Equal([new CancelRequest { Token = "held", AgentId = "writer" }], Cluster.Received<CancelRequest>());
    }

    [Fact]
    public async Task Check_HonouredObligation_IsAnAllowWithItsParameters()
    {
        var parameters = new Struct { Fields = { ["depth"] = Value.ForNumber(2), ["of"] = Value.ForList(Value.ForString("mail"), Value.ForNull()) } };
        Cluster.On<EnforceRequest>(_ => Answers.Allow(new Obligation { Name = "redact_output", Parameters = parameters }));

        var decision = await Client(options => options.Obligations.Add("redact_output")).CheckAsync(Query);

        Assert.True(decision.Allowed);
        var obligation = Assert.Single(decision.Obligations);
        Assert.Equal(2.0, obligation.Parameters["depth"]);
        Assert.Equal(new List<object?> { "mail", null }, obligation.Parameters["of"]);
    }

    [Fact]
    public async Task Check_DenyWithUnknownObligation_StaysTheServersDeny()
    {
        Cluster.On<EnforceRequest>(_ =>
        {
            var deny = Answers.Deny();
            deny.Obligations.Add(new Obligation { Name = "tell_somebody" });
            return deny;
        });

        var decision = await Client().CheckAsync(Query);

        Assert.Equal(("NO_RULE_MATCH", DecisionSource.Server), (decision.ReasonCode, decision.Source));
    }
}
