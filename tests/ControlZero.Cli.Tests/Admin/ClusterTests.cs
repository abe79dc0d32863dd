using System.Text.Json;
using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;

namespace ControlZero.Cli.Tests.Admin;

public sealed class ClusterTests : CliTest
{
    [Fact]
    public async Task Status_Text_TellsWhatRunsAndWhoAsks()
    {
        Cluster.On<GetStatusRequest>(_ => Answers.Status("team-*"));

        var run = await RunAsync("status");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            [
                "version           0.1.0", "started           1970-01-01T00:00:00Z", "server time       1970-01-01T01:00:00Z", "storage           embedded",
                "policies in force 1", "policy epoch      7", "freshness         fresh, 250 ms old of 2000 ms, feed at 12", "prices            none: no model has a price", "tenant            default", "key               abcdefghjkmn", "scopes            admin",
                "agents            team-*", "", "SILO   STATUS READY              VERSION UP    FRESHNESS ADDRESS        ANSWERING",
                "silo-1 active yes                0.1.0   1h 0m 0.3 s     10.0.0.1:11111 yes",
                "silo-2 active no: draining stale",
            ],
            run.Lines);
    }

    [Fact]
    public async Task Status_OfAStaleServer_SaysSo()
    {
        var status = Answers.Status();
        status.Freshness.Fresh = false;
        status.Freshness.Age = null;
        Cluster.On<GetStatusRequest>(_ => status);

        var text = await RunAsync("status");
        var json = await RunAsync("status", "--output", "json");

        Assert.Contains("freshness         STALE: it allows nothing, never confirmed of 2000 ms, feed at 12", text.Lines);
        Assert.Equal((false, System.Text.Json.JsonValueKind.Null, 2000), (
            json.Json.GetProperty("freshness").GetProperty("fresh").GetBoolean(),
            json.Json.GetProperty("freshness").GetProperty("age_ms").ValueKind,
            json.Json.GetProperty("freshness").GetProperty("bound_ms").GetInt32()));
    }

    [Fact]
    public async Task Status_Json_HoldsTheCaller()
    {
        Cluster.On<GetStatusRequest>(_ => Answers.Status());

        var run = await RunAsync("status", "--output", "json");

        Assert.Equal("default", run.Json.GetProperty("caller").GetProperty("tenant_id").GetString());
        var silos = run.Json.GetProperty("silos");
        Assert.True(silos[0].GetProperty("answering").GetBoolean());
        Assert.Equal(0.25, silos[0].GetProperty("freshness_seconds").GetDouble());
        Assert.Equal("draining", silos[1].GetProperty("not_ready_reasons")[0].GetString());
        Assert.Equal(JsonValueKind.Null, silos[1].GetProperty("address").ValueKind);
    }

    [Theory]
    [InlineData("text", "LIMIT            VALUE UNIT  OF\naction_max_bytes 256   bytes the action\n")]
    [InlineData("json", "\"value\": 256")]
    public async Task Limits_BothForms_TellEveryLimit(string form, string expected)
    {
        Cluster.On<GetLimitsRequest>(_ => new GetLimitsResponse { Limits = { new Limit { Name = "action_max_bytes", Value = 256, Unit = "bytes", Description = "the action" } } });

        var run = await RunAsync("limits", "--output", form);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains(expected, run.Out, StringComparison.Ordinal);
    }
}
