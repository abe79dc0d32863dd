using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;

namespace ControlZero.Cli.Tests.Enforcement;

public sealed class ExplainTests : CliTest
{
    private static ExplainResponse Explanation() => new()
    {
        Response = Answers.Deny(),
        Trials =
        {
            new RuleTrial { Policy = "models", PolicyVersion = 3, RuleId = "sonnet", Effect = "allow", Outcome = TrialOutcome.ResourceDiffers, Detail = "`model/a` is not `model/b`" },
            new RuleTrial { Policy = "models", PolicyVersion = 3, RuleId = "rule-1", RuleIndex = 1, Effect = "deny", Outcome = TrialOutcome.ConditionError, Detail = "no number" },
        },
    };

    [Fact]
    public async Task Explain_Question_PrintsEveryRuleTriedAndWhy()
    {
        Cluster.On<ExplainRequest>(_ => Explanation());

        var run = await RunAsync("explain", "--agent", "agent-1", "--action", "x", "--resource", "model/b", "--context", """{"a": 1}""", "--min-epoch", "12");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            [
                "decision    deny",
                "reason code NO_RULE_MATCH",
                "reason      no rule matched",
                "rule        synthetic:NO_RULE_MATCH",
                "",
                "POLICY   INDEX RULE   EFFECT OUTCOME          DETAIL",
                "models@3 0     sonnet allow  resource_differs `model/a` is not `model/b`",
                "models@3 1     rule-1 deny   condition_error  no number",
            ],
            run.Lines);
        var asked = Cluster.Received<ExplainRequest>().Single().Request;
        Assert.Equal(("agent-1", "x", "model/b", 1.0, 12UL), (asked.AgentId, asked.Action, asked.Resource, asked.Context.Fields["a"].NumberValue, asked.MinPolicyEpoch));
        Assert.Empty(Cluster.Received<EnforceRequest>());
    }

    [Fact]
    public async Task Explain_WithAPolicyInShadow_SaysWhatItWouldAnswerAndByWhichRule()
    {
        var answer = Explanation();
        answer.Response.Shadow = new ShadowDecision { Decision = Decision.Deny, Effect = "deny", ReasonCode = "NO_RULE_MATCH", RuleId = "synthetic:NO_RULE_MATCH" };
        Cluster.On<ExplainRequest>(_ => answer);

        var text = await RunAsync("explain", "--action", "x");
        var json = await RunAsync("explain", "--action", "x", "--output", "json");

        Assert.Equal("in shadow   deny (NO_RULE_MATCH) by synthetic:NO_RULE_MATCH", text.Lines[4]);
        Assert.Equal("synthetic:NO_RULE_MATCH", json.Json.GetProperty("response").GetProperty("shadow").GetProperty("rule_id").GetString());
    }

    [Fact]
    public async Task Explain_LimitedRequest_PrintsWhatEachLimitWouldMakeOfIt()
    {
        var answer = Explanation();
        var state = new LimitState { Policy = "p", Name = "rpm", Metric = "requests", Per = "agent", Window = "1m", Unit = "requests", Limit = 60, Used = 60, Remaining = 0 };
        answer.Limits.Add(new LimitTrial { State = state, Units = 1, Denies = true });
        Cluster.On<ExplainRequest>(_ => answer);

        var text = await RunAsync("explain", "--action", "x");
        var json = await RunAsync("explain", "--action", "x", "--output", "json");

        Assert.Matches(@"^p/rpm +agent +1m +60 .* 60 +0 +1 +denies$", text.Lines[^1]);
        var limit = json.Json.GetProperty("limits")[0];
        Assert.Equal((true, 1, "rpm"), (limit.GetProperty("denies").GetBoolean(), limit.GetProperty("units").GetInt32(), limit.GetProperty("limit").GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Explain_Json_HoldsTheDecisionAndTheTrials()
    {
        Cluster.On<ExplainRequest>(_ => Explanation());

        var run = await RunAsync("explain", "--action", "x", "--output", "json");

        Assert.Equal("deny", run.Json.GetProperty("response").GetProperty("decision").GetString());
        Assert.Equal(["resource_differs", "condition_error"], run.Json.GetProperty("trials").EnumerateArray().Select(trial => trial.GetProperty("outcome").GetString()));
    }

    [Theory]
    [InlineData("text")]
    [InlineData("json")]
    public async Task Explain_OfMoreRulesThanAreShown_SaysSo(string form)
    {
        var answer = Explanation();
        (answer.Truncated, answer.Response.EvaluatedRules) = (true, 20_000);
        Cluster.On<ExplainRequest>(_ => answer);

        var run = await RunAsync("explain", "--action", "x", "--output", form);

        if (form == "json")
        {
            Assert.True(run.Json.GetProperty("truncated").GetBoolean());
        }
        else
        {
            Assert.Equal("2 of 20000 rules are shown, with the one that decided", run.Lines[^1]);
        }
    }

    [Fact]
    public async Task Explain_NumberTooLarge_IsWrongUsage()
    {
        var run = await RunAsync("explain", "--action", "x", "--context", """{"a": 1e999}""");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("`--context` cannot be sent", run.Error, StringComparison.Ordinal);
    }
}
