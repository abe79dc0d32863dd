using ControlZero.Protocol.V1;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Cli.Tests.Admin;

public sealed class AgentTests : CliTest
{
    private static Agent Registered() => new()
    {
        AgentId = "agent-1",
        Labels = { ["team"] = "blue", ["env"] = "a=b" },
        Version = 2,
        CreatedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch),
        UpdatedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch),
    };

    [Fact]
    public async Task Put_Labels_AreSentAndShown()
    {
        Cluster.On<PutAgentRequest>(_ => new PutAgentResponse { Agent = Registered() });

        var run = await RunAsync("agent", "put", "agent-1", "--label", "team=blue", "--label", "env=a=b", "--expected-version", "1");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(["agent   agent-1", "version 2", "labels  env=a=b team=blue", "created 1970-01-01T00:00:00Z", "updated 1970-01-01T00:00:00Z"], run.Lines);
        var request = Cluster.Received<PutAgentRequest>().Single();
        Assert.Equal(("agent-1", "blue", "a=b", 1L), (request.AgentId, request.Labels["team"], request.Labels["env"], request.ExpectedVersion));
    }

    [Theory]
    [InlineData("team")]
    [InlineData("=blue")]
    [InlineData("team=red", "team=blue")]
    public async Task Put_BrokenLabel_IsWrongUsage(params string[] labels)
    {
        var run = await RunAsync(["agent", "put", "agent-1", .. labels.SelectMany(label => new[] { "--label", label })]);

        Assert.Equal(2, run.ExitCode);
        Assert.Empty(Cluster.Calls);
    }

    [Theory]
    [InlineData("""{ "limits": [ { "name": "usd", "metric": "cost_usd", "limit": 2.5, "window": "day", "timezone": "Europe/Berlin", "resource": "model/*", "default_estimate": 0.01 } ] }""")]
    [InlineData("limits:\n  - {name: usd, metric: cost_usd, limit: 2.5, window: day, timezone: Europe/Berlin, resource: 'model/*', default_estimate: 0.01}\n")]
    public async Task Put_LimitsOfAFile_AreSentAndShown(string text)
    {
        var agent = Registered();
        Cluster.On<PutAgentRequest>(request =>
        {
            agent.Limits.Add(request.Limits.Limits);
            return new PutAgentResponse { Agent = agent };
        });

        var run = await RunAsync("agent", "put", "agent-1", "--limits", Write("limits.yaml", text));

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("limit   usd: $2.50 cost_usd per day (Europe/Berlin)", run.Lines);
        var limit = new AgentLimit
        {
            Name = "usd", Metric = "cost_usd", Limit = 2_500_000_000, Window = "day", Timezone = "Europe/Berlin", Resources = { "model/*" }, DefaultEstimate = 10_000_000,
        };
        Assert.Equal([limit], Cluster.Received<PutAgentRequest>().Single().Limits.Limits);
    }

    [Fact]
    public async Task Put_LimitsNone_TakesThemAway_AndWithoutTheOptionTheyStay()
    {
        Cluster.On<PutAgentRequest>(_ => new PutAgentResponse { Agent = Registered() });

        await RunAsync("agent", "put", "agent-1", "--limits", "none");
        await RunAsync("agent", "put", "agent-1");

        var sent = Cluster.Received<PutAgentRequest>();
        Assert.Empty(sent[0].Limits.Limits);
        Assert.Null(sent[1].Limits);
    }

    [Theory]
    [InlineData("limits: [{name: a, metric: rpm, limit: 1, window: 1m}]", "limits.yaml:1:28 error METRIC_UNKNOWN")]
    [InlineData("""{"limits": [{"name": "a", "metric": "rpm", "limit": 1, "window": "1m"}]}""", "limits.yaml:1:")]
    [InlineData("""[{"name": "a", "metric": "requests", "limit": 1, "window": "1m"}]""", "limits.yaml:1:1 error FIELD_TYPE a file of limits must be an object")]
    [InlineData("name: a\nlimits: [{name: a, metric: requests, limit: 1, window: 1m}]", "limits.yaml:1:1 error UNKNOWN_FIELD")]
    [InlineData("{}", "error FIELD_REQUIRED `limits` is missing")]
    [InlineData("limits: [{name: a, metric: requests, limit: 1, window: 1m, per: tenant}]", "per: tenant")]
    [InlineData("limits: [{name: a, metric: in_flight, limit: 1, hold: 5m}]", "`hold`")]
    public async Task Put_LimitsThatAreWrong_AreWrongUsage(string text, string told)
    {
        var run = await RunAsync("agent", "put", "agent-1", "--limits", Write("limits.yaml", text));

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(told, run.Error, StringComparison.Ordinal);
        Assert.Empty(Cluster.Calls);
    }

    [Fact]
    public async Task Show_Json_IsTheAgent()
    {
        Cluster.On<GetAgentRequest>(_ => new GetAgentResponse { Agent = Registered() });

        var run = await RunAsync("agent", "show", "agent-1", "--output", "json");

        Assert.Equal("blue", run.Json.GetProperty("agent").GetProperty("labels").GetProperty("team").GetString());
        Assert.Equal("agent-1", Cluster.Received<GetAgentRequest>().Single().AgentId);
    }

    [Fact]
    public async Task Usage_Agent_PrintsItsCounts()
    {
        Cluster.On<GetUsageRequest>(_ => new GetUsageResponse { AgentId = "agent-1", Allowed = 3, Denied = 1 });

        var run = await RunAsync("usage", "agent-1");

        Assert.Equal((0, "agent         agent-1\nallowed       3\ndenied        1\nlast decision never\n"), (run.ExitCode, run.Out));
        Assert.Equal("agent-1", Cluster.Received<GetUsageRequest>().Single().AgentId);
    }

    [Fact]
    public async Task Usage_Json_HoldsNumbers()
    {
        Cluster.On<GetUsageRequest>(_ => new GetUsageResponse { AgentId = "agent-1", Allowed = 3, LastDecisionAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch) });

        var run = await RunAsync("usage", "--output", "json");

        Assert.Equal((3, "1970-01-01T00:00:00Z"), (run.Json.GetProperty("allowed").GetInt32(), run.Json.GetProperty("last_decision_at").GetString()));
        Assert.Equal("", Cluster.Received<GetUsageRequest>().Single().AgentId);
    }
}
