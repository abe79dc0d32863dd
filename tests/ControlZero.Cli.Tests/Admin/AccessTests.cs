using System.Text.Json;
using ControlZero.Protocol.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlZero.Cli.Tests.Admin;

public sealed class AccessTests : CliTest
{
    [Fact]
    public async Task Access_Agent_ShowsResourcesOfAllPagesWithTheirTightestLimits()
    {
        Cluster.On<GetAccessRequest>(request => request.PageToken.Length == 0 ? First() : Second());

        var run = await RunAsync("access", "agent-1");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(
            [
                "RESOURCE DECISION REASON         RULE                     TIGHTEST LIMIT                             LEFT  OF    RESETS",
                "model/a  allow    RULE_MATCH     p/r1                     p/daily-usd    [###############.....]  75% $1.25 $5.00 in 3h 5m",
                "model/b  deny     NO_RULE        synthetic:NO_RULE",
                "model/c  deny     QUOTA_EXCEEDED synthetic:QUOTA_EXCEEDED p/rpm          [####################] 100% 0     60",
            ],
            run.Lines);
        var requests = Cluster.Received<GetAccessRequest>();
        Assert.Equal([("agent-1", "", false), ("agent-1", "next", false)], requests.Select(request => (request.AgentId, request.PageToken, request.AllowedOnly)));
    }

    [Fact]
    public async Task Access_Options_AreSent()
    {
        Environment["CONTROLZERO_AGENT_ID"] = "agent-2";
        Cluster.On<GetAccessRequest>(_ => Second());

        var run = await RunAsync("access", "--action", "tool.call", "--resource", "tool/x", "--resource", "tool/y", "--allowed-only");

        var request = Cluster.Received<GetAccessRequest>().Single();
        Assert.Equal((0, "agent-2", "tool.call", true), (run.ExitCode, request.AgentId, request.Action, request.AllowedOnly));
        Assert.Equal(["tool/x", "tool/y"], request.Resources);
    }

    [Fact]
    public async Task Access_Json_HoldsEachResourceWithItsOwnPagesLimits()
    {
        Cluster.On<GetAccessRequest>(request => request.PageToken.Length == 0 ? First() : Second());

        var run = await RunAsync("access", "agent-1", "--output", "json");

        var resources = run.Json.GetProperty("resources").EnumerateArray().ToList();
        Assert.Equal(["allow", "deny", "deny"], resources.Select(resource => resource.GetProperty("decision").GetString()));
        Assert.Equal(["rpm", "daily-usd"], resources[0].GetProperty("limits").EnumerateArray().Select(limit => limit.GetProperty("name").GetString()));
        Assert.Equal(1_250_000_000, resources[0].GetProperty("tightest_limit").GetProperty("remaining").GetInt64());
        Assert.Equal(JsonValueKind.Null, resources[1].GetProperty("tightest_limit").ValueKind);
        Assert.Equal("rpm", resources[2].GetProperty("tightest_limit").GetProperty("name").GetString());
        Assert.Equal(7, run.Json.GetProperty("policy_epoch").GetInt32());
    }

    [Fact]
    public async Task Access_WhilePoliciesChange_SaysSo()
    {
        Cluster.On<GetAccessRequest>(request => request.PageToken.Length == 0 ? First() : new GetAccessResponse(Second()) { PolicyEpoch = 8 });

        var run = await RunAsync("access", "agent-1");

        Assert.Contains("the policies changed", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "name some with `--resource`")]
    [InlineData(true, "leave out `--allowed-only`")]
    public async Task Access_OfNothing_SaysWhatToDo(bool allowedOnly, string remedy)
    {
        Cluster.On<GetAccessRequest>(_ => new GetAccessResponse());

        var run = await RunAsync(allowedOnly ? ["access", "agent-1", "--allowed-only"] : ["access", "agent-1"]);

        Assert.Equal((0, ""), (run.ExitCode, run.Out));
        Assert.Contains(remedy, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StatusCode.InvalidArgument, 2)]
    [InlineData(StatusCode.PermissionDenied, 5)]
    [InlineData(StatusCode.Unavailable, 1)]
    public async Task Access_Refused_ExitsAsTheOtherCommandsDo(StatusCode status, int exitCode)
    {
        Cluster.Fail<GetAccessRequest>(new RpcException(new Status(status, "no")));

        Assert.Equal(exitCode, (await RunAsync("access", "agent-1")).ExitCode);
    }

    private static GetAccessResponse First() => new()
    {
        Resources =
        {
            new ResourceAccess
            {
                Resource = "model/a", Decision = Decision.Allow, ReasonCode = "RULE_MATCH", Policy = "p", RuleId = "r1", Limits = { 0, 1 }, TightestLimit = 1,
            },
            new ResourceAccess { Resource = "model/b", Decision = Decision.Deny, ReasonCode = "NO_RULE", RuleId = "synthetic:NO_RULE" },
        },
        Limits = { PerMinute(6), Daily() },
        NextPageToken = "next",
        PolicyEpoch = 7,
    };

    private static GetAccessResponse Second() => new()
    {
        Resources =
        {
            new ResourceAccess
            {
                Resource = "model/c", Decision = Decision.Deny, ReasonCode = "QUOTA_EXCEEDED", RuleId = "synthetic:QUOTA_EXCEEDED", Limits = { 0 }, TightestLimit = 0,
            },
        },
        Limits = { PerMinute(60) },
        PolicyEpoch = 7,
    };

    private static LimitState PerMinute(long used) =>
        new() { Policy = "p", Name = "rpm", Metric = "requests", Per = "agent", Window = "1m", Unit = "requests", Limit = 60, Used = used, Remaining = 60 - used };

    private static LimitState Daily() => new()
    {
        Policy = "p", Name = "daily-usd", Metric = "cost_usd", Per = "agent", Window = "day", Unit = "nano_usd", Limit = 5_000_000_000, Used = 3_750_000_000,
        Remaining = 1_250_000_000, ResetsAt = Timestamp.FromDateTimeOffset(new DateTimeOffset(2026, 11, 23, 12, 35, 0, TimeSpan.Zero)),
    };
}
