using ControlZero.Protocol.V1;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Cli.Tests.Admin;

public sealed class ListTests : CliTest
{
    private static readonly Timestamp Epoch = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch);

    [Fact]
    public async Task AgentList_FollowsThePages_AlsoAnEmptyOne_AndStopsAtTheLimit()
    {
        Cluster.On<ListAgentsRequest>(request => request.PageToken switch
        {
            "" => new ListAgentsResponse { Agents = { new Agent { AgentId = "a", Version = 2, UpdatedAt = Epoch, Labels = { ["team"] = "blue" } } }, NextPageToken = "1" },
            "1" => new ListAgentsResponse { NextPageToken = "2" },
            _ => new ListAgentsResponse { Agents = { new Agent { AgentId = "b", Suspension = new Suspension { Reason = "r", SuspendedAt = Epoch } } }, NextPageToken = "3" },
        });

        var run = await RunAsync("agent", "list", "--prefix", "x", "--limit", "2");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            [
                "AGENT VERSION        UPDATED              SUSPENDED LIMITS LABELS",
                "a     2              1970-01-01T00:00:00Z                  team=blue",
                "b     not registered                      yes",
            ],
            run.Lines.Select(line => line.TrimEnd()));
        Assert.Contains("there may be more; raise --limit", run.Error, StringComparison.Ordinal);
        Assert.Equal(["x 2 ", "x 1 1", "x 1 2"], Cluster.Received<ListAgentsRequest>().Select(request => $"{request.AgentIdPrefix} {request.PageSize} {request.PageToken}"));
        Assert.Equal(2, (await RunAsync("agent", "list", "--limit", "0")).ExitCode);
    }

    [Fact]
    public async Task AgentDelete_OfASuspendedOne_SaysHowToLiftThat()
    {
        Cluster.On<DeleteAgentRequest>(_ => new DeleteAgentResponse { Suspended = true });

        var run = await RunAsync("agent", "delete", "bot", "--expected-version", "3");

        Assert.Equal(["agent   bot", "outcome it is deleted"], run.Lines);
        Assert.Contains("`cz agent resume bot` lifts that", run.Error, StringComparison.Ordinal);
        Assert.Equal(3, Cluster.Received<DeleteAgentRequest>().Single().ExpectedVersion);
    }

    [Fact]
    public async Task TenantList_Json_HoldsAllPages()
    {
        Cluster.On<ListTenantsRequest>(request => request.PageToken.Length == 0
            ? new ListTenantsResponse { Tenants = { new Tenant { TenantId = "acme", MaxAgents = 7 } }, NextPageToken = "n" }
            : new ListTenantsResponse { Tenants = { new Tenant { TenantId = "beta" } } });

        var run = await RunAsync("tenant", "list", "--output", "json");

        var tenants = run.Json.GetProperty("tenants");
        Assert.Equal(["acme", "beta"], tenants.EnumerateArray().Select(tenant => tenant.GetProperty("tenant_id").GetString()));
        Assert.Equal(7, tenants[0].GetProperty("max_agents").GetInt64());
    }
}
