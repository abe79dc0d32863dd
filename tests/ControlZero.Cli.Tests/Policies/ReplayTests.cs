using ControlZero.Protocol.V1;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Cli.Tests.Policies;

public sealed class ReplayTests : CliTest
{
    private const string Draft = """{"name":"p","rules":[{"allow":"*"}]}""";

    [Fact]
    public async Task Replay_SendsWhatWasAskedFor_AndShowsCountsChangesAndExamples()
    {
        Cluster.On<ReplayPolicyRequest>(_ => Answer());

        var run = await RunAsync("policy", "replay", Write("draft.json", Draft), "--since", "24h", "--agent", "bot", "--limit", "7", "--examples", "3");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            [
                "decisions     6", "back to       1970-01-01T00:00:00Z", "unchanged     3 (1 by another rule)", "allow to deny 1", "deny to allow 0",
                "undecidable   1 (context 1)", "not by policy 1", "",
                "COUNT WAS   BY  BECOMES BY", "1     allow p/a deny    (hangs on facts not kept)", "",
                "TIME                 AGENT ACTION RESOURCE WAS   BECOMES     BY      DECISION", "1970-01-01T00:00:00Z bot   use    r/a      allow undecidable context 01ARZ3NDEKTSV4RRFFQ69G5FAV",
            ],
            run.Lines);
        Assert.Contains("older decisions were not looked at (max_events)", run.Error, StringComparison.Ordinal);
        var request = Cluster.Received<ReplayPolicyRequest>().Single();
        Assert.Equal((Draft, "bot", 7, 3, null), (request.Document, request.AgentId, request.MaxEvents, request.MaxExamples, request.To));
        Assert.Equal(Clock.GetUtcNow() - TimeSpan.FromHours(24), request.From.ToDateTimeOffset());
    }

    [Fact]
    public async Task Replay_AsJson_HoldsEveryCount()
    {
        Cluster.On<ReplayPolicyRequest>(_ => Answer());

        var json = (await RunAsync("policy", "replay", Write("draft.json", Draft), "--output", "json")).Json;

        var counts = json.GetProperty("counts");
        Assert.Equal((6, 1, 1), (counts.GetProperty("decisions").GetInt32(), counts.GetProperty("allow_to_deny").GetInt32(), counts.GetProperty("undecidable_by").GetProperty("context").GetInt32()));
        Assert.Equal("undecidable", json.GetProperty("examples")[0].GetProperty("becomes").GetString());
        Assert.Equal("max_events", json.GetProperty("stopped").GetString());
    }

    [Fact]
    public async Task Replay_WherePartOfTheLogIsMissing_Fails()
    {
        Cluster.On<ReplayPolicyRequest>(_ => new ReplayPolicyResponse { Done = true, Counts = new ReplayCounts(), UnreachableSilos = { "silo-2" } });

        var run = await RunAsync("policy", "replay", Write("draft.json", Draft));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("`silo-2`", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_ThatEndsBeforeItsLastMessage_Fails()
    {
        Cluster.On<ReplayPolicyRequest>(_ => new ReplayPolicyResponse { Counts = new ReplayCounts { Decisions = 1000 } });

        Assert.Equal(1, (await RunAsync("policy", "replay", Write("draft.json", Draft))).ExitCode);
    }

    private static ReplayPolicyResponse Answer() => new()
    {
        Done = true,
        Stopped = "max_events",
        LookedBackTo = new Timestamp(),
        Counts = new ReplayCounts { Decisions = 6, Unchanged = 3, OtherRule = 1, AllowToDeny = 1, Undecidable = 1, NotByPolicy = 1, UndecidableBy = { ["context"] = 1 } },
        Changes = { new ReplayChange { Count = 1, Was = Decision.Allow, WasBy = new ReplayRule { Policy = "p", RuleId = "a" }, Becomes = Decision.Deny, BecomesBy = new ReplayRule() } },
        Examples =
        {
            new ReplayExample
            {
                DecisionId = "01ARZ3NDEKTSV4RRFFQ69G5FAV",
                Time = new Timestamp(),
                AgentId = "bot",
                Action = "use",
                Resource = "r/a",
                Was = Decision.Allow,
                WasBy = new ReplayRule { Policy = "p", RuleId = "a" },
                BecomesBy = new ReplayRule(),
                HangsOn = { "context" },
            },
        },
    };
}
