using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace ControlZero.Cli.Tests.Enforcement;

public sealed class EnforceTests : CliTest
{
    private static readonly string[] Question = ["enforce", "--agent", "agent-1", "--action", "llm.generate"];

    [Fact]
    public async Task Enforce_Allowed_IsExitCode0AndPrintsTheDecision()
    {
        Cluster.On<EnforceRequest>(_ => Answers.Allow());

        var run = await RunAsync([.. Question, "--resource", "model/x", "--request-id", "mine"]);

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            [
                "decision    allow",
                "effect      allow",
                "reason code RULE_MATCH",
                "reason      rule `sonnet` allows it",
                "policy      models (version 3)",
                "rule        sonnet (index 0)",
                "decision id 01JD0000000000000000000000",
                "request id  mine",
            ],
            run.Lines);
        var asked = Cluster.Received<EnforceRequest>().Single();
        Assert.Equal(("agent-1", "llm.generate", "model/x", "mine"), (asked.AgentId, asked.Action, asked.Resource, asked.RequestId));
    }

    [Fact]
    public async Task Enforce_Denied_IsExitCode3()
    {
        Cluster.On<EnforceRequest>(_ => Answers.Deny());

        var run = await RunAsync(Question);

        Assert.Equal((3, "decision    deny", ""), (run.ExitCode, run.Lines[0], run.Error));
    }

    [Fact]
    public async Task Enforce_Json_IsOneDocumentWithStableNames()
    {
        Cluster.On<EnforceRequest>(_ => Answers.Deny());

        var run = await RunAsync([.. Question, "--output", "json"]);

        Assert.Equal(3, run.ExitCode);
        Assert.Equal(
            ["decision", "source", "effect", "reason_code", "reason", "decision_id", "request_id", "policy", "policy_version", "rule_id", "rule_index", "evaluated_rules", "policy_epoch", "obligations", "denied_resource", "dry_run", "replayed", "retry_after_seconds", "reservation", "limits", "shadow"],
            run.Json.EnumerateObject().Select(field => field.Name));
        Assert.Equal(("deny", "server"), (run.Json.GetProperty("decision").GetString(), run.Json.GetProperty("source").GetString()));
    }

    // Said where it would turn the answer; of a deny by a limit, whether it would turn what the policies had allowed.
    [Theory]
    [InlineData(Decision.Allow, "RULE_MATCH", Decision.Deny, true)]
    [InlineData(Decision.Deny, "NO_RULE_MATCH", Decision.Allow, true)]
    [InlineData(Decision.Allow, "RULE_MATCH", Decision.Allow, false)]
    [InlineData(Decision.Deny, "QUOTA_EXCEEDED", Decision.Allow, false)]
    [InlineData(Decision.Deny, "QUOTA_EXCEEDED", Decision.Deny, true)]
    public async Task Enforce_WithAPolicyInShadow_SaysWhenItWouldTurnTheAnswer(Decision decision, string code, Decision shadow, bool isSaid)
    {
        var answer = new EnforceResponse(decision == Decision.Allow ? Answers.Allow() : Answers.Deny())
        {
            ReasonCode = code,
            Shadow = new ShadowDecision { Decision = shadow, Effect = "deny", ReasonCode = "RULE_MATCH", Policy = "next", PolicyVersion = 2, RuleId = "no-b" },
        };
        Cluster.On<EnforceRequest>(_ => answer);

        var text = await RunAsync(Question);
        var json = await RunAsync([.. Question, "--output", "json"]);

        var word = shadow == Decision.Allow ? "allow" : "deny";
        Assert.Equal(isSaid ? [$"in shadow   {word} (RULE_MATCH) by next@2/no-b"] : [], text.Lines.Where(line => line.StartsWith("in shadow", StringComparison.Ordinal)));
        Assert.Equal(
            $$"""{"decision":"{{word}}","effect":"deny","reason_code":"RULE_MATCH","policy":"next","policy_version":2,"rule_id":"no-b"}""",
            System.Text.Json.JsonSerializer.Serialize(json.Json.GetProperty("shadow")));
    }

    [Fact]
    public async Task Enforce_NoDecision_IsExitCode1()
    {
        Cluster.Fail<EnforceRequest>(Answers.Error(StatusCode.DeadlineExceeded));

        var run = await RunAsync(Question);

        Assert.Equal((1, "reason code STATE_UNAVAILABLE"), (run.ExitCode, run.Lines[2]));
    }

    [Fact]
    public async Task Enforce_WithAKeyThatLacksTheScope_SaysWhereTheKeyCameFrom()
    {
        Cluster.Fail<EnforceRequest>(Answers.Error(StatusCode.PermissionDenied, "the key lacks the scope `enforce`", "SCOPE_REQUIRED"));

        var run = await RunAsync(Question);

        Assert.Equal(
            (5, "error: the key lacks the scope `enforce` (of `--key`, `--key-file` and `CONTROLZERO_API_KEY` the first that is given counts)\n"),
            (run.ExitCode, run.Error));
    }

    [Theory]
    [InlineData("settle")]
    [InlineData("cancel")]
    public async Task Settle_WithoutAnAgent_SaysHowToNameOne(string command)
    {
        var fields = new BadRequest { FieldViolations = { new BadRequest.Types.FieldViolation { Field = "agent_id", Reason = "FIELD_REQUIRED", Description = "agent_id is missing" } } };
        var refused = Answers.Error(StatusCode.InvalidArgument, "agent_id is missing", "FIELD_REQUIRED", null, fields);
        Cluster.Fail<SettleRequest>(refused).Fail<CancelRequest>(refused);

        var run = await RunAsync(command, "token");

        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("error: no agent is named; give `--agent`, set `CONTROLZERO_AGENT_ID`, or use a key", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StatusCode.InvalidArgument, 2)]
    [InlineData(StatusCode.Unimplemented, 2)]
    [InlineData(StatusCode.Unauthenticated, 5)]
    [InlineData(StatusCode.PermissionDenied, 5)]
    [InlineData(StatusCode.Internal, 1)]
    [InlineData(StatusCode.ResourceExhausted, 1)]
    public async Task Enforce_Error_HasTheDocumentedExitCode(StatusCode code, int exitCode)
    {
        Cluster.Fail<EnforceRequest>(Answers.Error(code, "so it is"));

        var run = await RunAsync(Question);

        Assert.Equal((exitCode, ""), (run.ExitCode, run.Out));
        Assert.StartsWith("error: so it is", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Enforce_WrongField_IsNamedWithItsRemedy()
    {
        var fields = new BadRequest { FieldViolations = { new BadRequest.Types.FieldViolation { Field = "action", Description = "write `a:b`" } } };
        Cluster.Fail<EnforceRequest>(Answers.Error(StatusCode.InvalidArgument, "1 field is wrong", "ACTION_SYNTAX", null, fields));

        var run = await RunAsync(Question);

        Assert.Equal("error: 1 field is wrong\n  action: write `a:b`\n", run.Error);
    }

    [Fact]
    public async Task Enforce_Context_ArrivesAsItIs()
    {
        Cluster.On<EnforceRequest>(_ => Answers.Allow());

        await RunAsync([.. Question, "--context", """{"env": "prod", "cost": 3, "half": 0.5, "tags": ["a", null, true], "user": {"name": "x"}}"""]);

        Assert.Equal(
            """{ "env": "prod", "cost": 3, "half": 0.5, "tags": [ "a", null, true ], "user": { "name": "x" } }""",
            Cluster.Received<EnforceRequest>().Single().Context.ToString());
    }

    [Theory]
    [InlineData("[1]", "is not a JSON object")]
    [InlineData("{", "is not JSON")]
    [InlineData("""{"a": 1, "a": 2}""", "is not JSON")]
    [InlineData("""{"a": 9007199254740993}""", "`context.a`")]
    public async Task Enforce_WrongContext_IsWrongUsageAndNothingIsAsked(string context, string why)
    {
        var run = await RunAsync([.. Question, "--context", context]);

        Assert.Equal((2, ""), (run.ExitCode, run.Out));
        Assert.Contains(why, run.Error, StringComparison.Ordinal);
        Assert.Empty(Cluster.Calls);
    }

    [Fact]
    public async Task MinEpoch_ThatIsNotReached_IsAskedForAndFailsWithWhatThereIs()
    {
        var facts = new Dictionary<string, string> { ["expected"] = "18446744073709551615", ["current"] = "7" };
        Cluster.Fail<EnforceRequest>(Answers.Error(StatusCode.FailedPrecondition, "the tenant's policy epoch is 7", "POLICY_EPOCH_NOT_REACHED", facts));

        var run = await RunAsync([.. Question, "--min-epoch", "18446744073709551615", "--output", "json"]);

        Assert.Equal((1, "error: the tenant's policy epoch is 7\n"), (run.ExitCode, run.Error));
        var error = run.Json.GetProperty("error");
        Assert.Equal(("POLICY_EPOCH_NOT_REACHED", "7"), (error.GetProperty("reason").GetString(), error.GetProperty("metadata").GetProperty("current").GetString()));
        Assert.Equal(ulong.MaxValue, Cluster.Received<EnforceRequest>().Single().MinPolicyEpoch);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1.5")]
    [InlineData("newest")]
    [InlineData("18446744073709551616")]
    public async Task MinEpoch_ThatIsNone_IsWrongUsageAndNothingIsAsked(string text)
    {
        var run = await RunAsync([.. Question, $"--min-epoch={text}"]);

        Assert.Equal((2, ""), (run.ExitCode, run.Out));
        Assert.Contains($"`{text}` is no policy epoch; write the whole number", run.Error, StringComparison.Ordinal);
        Assert.Empty(Cluster.Calls);
    }

    [Theory]
    [InlineData("log,redact", 0)]
    [InlineData("log", 3)]
    public async Task Enforce_Obligations_AreHonouredByName(string honoured, int exitCode)
    {
        Cluster.On<EnforceRequest>(_ => Answers.Allow(new Obligation { Name = "redact" }));

        var run = await RunAsync([.. Question, "--obligations", honoured]);

        Assert.Equal(exitCode, run.ExitCode);
    }

    [Fact]
    public async Task Enforce_Estimate_IsSentAndTheLimitsAreShownWithTheReservation()
    {
        Cluster.On<EnforceRequest>(_ => Charged());

        var run = await RunAsync([.. Question, "--candidates", "model/a,model/b", "--input-tokens", "900", "--cost", "$0.02", "--dry-run"]);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(
            [
                "reservation token-1",
                "held until  2026-11-23T09:32:00Z",
                "decision id 01JD0000000000000000000000",
                run.Lines[9],
                "",
                "LIMIT       PER   WINDOW USED                              OF    LEFT  RESETS",
                "p/daily-usd agent day    $3.75 [###############.....]  75% $5.00 $1.25 in 3h 5m",
            ],
            run.Lines[6..]);
        var asked = Cluster.Received<EnforceRequest>().Single();
        Assert.Equal((true, 900L, false, 20_000_000L), (asked.DryRun, asked.Estimate.InputTokens, asked.Estimate.HasMaxOutputTokens, asked.Estimate.CostNanosUsd));
        Assert.Equal(["model/a", "model/b"], asked.CandidateResources);
    }

    [Fact]
    public async Task Enforce_Json_HoldsTheLimitsInTheirUnit()
    {
        Cluster.On<EnforceRequest>(_ => Charged());

        var run = await RunAsync([.. Question, "--output", "json"]);

        Assert.Equal("token-1", run.Json.GetProperty("reservation").GetProperty("token").GetString());
        Assert.Equal(1_250_000_000, run.Json.GetProperty("limits")[0].GetProperty("remaining").GetInt64());
    }

    [Fact]
    public async Task Enforce_DeniedForNow_SaysWhenToAskAgain()
    {
        var denied = Answers.Deny();
        denied.RetryAfter = Duration.FromTimeSpan(TimeSpan.FromSeconds(75));
        Cluster.On<EnforceRequest>(_ => denied);

        var run = await RunAsync(Question);

        Assert.Contains("ask again in 1m 15s", run.Lines);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("1000.01")]
    [InlineData("0.0000000001")]
    [InlineData("2 dollars")]
    [InlineData("79228162514264337593543950335")]
    public async Task Enforce_CostThatIsNoPrice_IsWrongUsageAndNothingIsAsked(string cost)
    {
        var run = await RunAsync([.. Question, $"--cost={cost}"]);

        Assert.Equal((2, ""), (run.ExitCode, run.Out));
        Assert.Contains("is no price; write dollars, 0 to 1000 with at most 9 decimals", run.Error, StringComparison.Ordinal);
        Assert.Empty(Cluster.Calls);
    }

    [Fact]
    public async Task Enforce_AgentOfTheEnvironment_IsUsed()
    {
        Cluster.On<EnforceRequest>(_ => Answers.Allow());
        Environment["CONTROLZERO_AGENT_ID"] = "of-environment";

        await RunAsync("enforce", "--action", "x");

        Assert.Equal("of-environment", Cluster.Received<EnforceRequest>().Single().AgentId);
    }

    private EnforceResponse Charged()
    {
        var allow = Answers.Allow();
        allow.Reservation = new Reservation { Token = "token-1", ExpiresAt = Clock.GetUtcNow().AddMinutes(2).ToTimestamp() };
        allow.Limits.Add(Answers.DailyUsd(3_750_000_000, Clock.GetUtcNow().AddMinutes(185)));
        return allow;
    }
}
