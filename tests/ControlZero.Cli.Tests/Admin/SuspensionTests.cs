using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Cli.Tests.Admin;

public sealed class SuspensionTests : CliTest
{
    private static Suspension Suspended(string reason) => new()
    {
        Reason = reason,
        SuspendedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch),
        SuspendedBy = "abcdefghjkmn",
    };

    [Fact]
    public async Task AgentSuspend_Text_TellsWhoFollowsAndWhoDoesNotYet()
    {
        Cluster.On<SuspendAgentRequest>(_ => new SuspendAgentResponse
        {
            Suspension = Suspended("it ran away"), PolicyEpoch = 4, Acknowledgement = Answers.Acknowledged("silo-3"),
        });

        var run = await RunAsync("agent", "suspend", "agent-1", "--reason", "it ran away");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            [
                "agent        agent-1", "suspended    1970-01-01T00:00:00Z by abcdefghjkmn", "reason       it ran away",
                "outcome      no decision allows it any more", "policy epoch 4", "acknowledged silo-1 silo-2", "not yet      silo-3",
                "enforced by  1970-01-01T00:00:02Z",
            ],
            run.Lines);
        var request = Cluster.Received<SuspendAgentRequest>().Single();
        Assert.Equal(("agent-1", "it ran away"), (request.AgentId, request.Reason));
    }

    [Fact]
    public async Task AgentResume_Json_HoldsWhoFollows()
    {
        Cluster.On<ResumeAgentRequest>(_ => new ResumeAgentResponse { PolicyEpoch = 5, Unchanged = true, Acknowledgement = Answers.Acknowledged() });

        var run = await RunAsync("agent", "resume", "agent-1", "--output", "json");

        Assert.Equal((5, true), (run.Json.GetProperty("policy_epoch").GetInt32(), run.Json.GetProperty("unchanged").GetBoolean()));
        var acknowledgement = run.Json.GetProperty("acknowledgement");
        Assert.Equal(("silo-1", 0), (acknowledgement.GetProperty("acknowledged_silos")[0].GetString(), acknowledgement.GetProperty("pending_silos").GetArrayLength()));
        Assert.Equal("agent-1", Cluster.Received<ResumeAgentRequest>().Single().AgentId);
    }

    [Fact]
    public async Task TenantSuspend_Json_HoldsTheSuspension()
    {
        Cluster.On<SuspendTenantRequest>(_ => new SuspendTenantResponse
        {
            Suspension = Suspended(""), PolicyEpoch = 4, Unchanged = true, Acknowledgement = Answers.Acknowledged(),
        });

        var run = await RunAsync("tenant", "suspend", "acme", "--output", "json");

        Assert.Equal("abcdefghjkmn", run.Json.GetProperty("suspension").GetProperty("suspended_by").GetString());
        var request = Cluster.Received<SuspendTenantRequest>().Single();
        Assert.Equal(("acme", ""), (request.TenantId, request.Reason));
    }

    [Fact]
    public async Task TenantResume_Text_SaysThatItGoesOn()
    {
        Cluster.On<ResumeTenantRequest>(_ => new ResumeTenantResponse { PolicyEpoch = 5, Acknowledgement = Answers.Acknowledged() });

        var run = await RunAsync("tenant", "resume", "acme");

        Assert.Equal(
            ["tenant       acme", "outcome      its policies decide again", "policy epoch 5", "acknowledged silo-1 silo-2", "enforced by  1970-01-01T00:00:02Z"],
            run.Lines);
        Assert.Equal("acme", Cluster.Received<ResumeTenantRequest>().Single().TenantId);
    }

    [Fact]
    public async Task AgentShow_OfASuspendedOne_SaysWhy()
    {
        Cluster.On<GetAgentRequest>(_ => new GetAgentResponse { Agent = new Agent { AgentId = "agent-1", Suspension = Suspended("") } });

        var text = await RunAsync("agent", "show", "agent-1");
        var json = await RunAsync("agent", "show", "agent-1", "--output", "json");

        Assert.Contains("suspended 1970-01-01T00:00:00Z by abcdefghjkmn", text.Lines);
        Assert.Contains("reason    not said", text.Lines);
        Assert.Equal("1970-01-01T00:00:00Z", json.Json.GetProperty("agent").GetProperty("suspension").GetProperty("suspended_at").GetString());
    }
}
