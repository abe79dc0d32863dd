using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Cli.Tests.Admin;

public sealed class ModelTests : CliTest
{
    private static readonly Suspension Suspended = new()
    {
        Reason = "it leaks", SuspendedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch), SuspendedBy = "abcdefghjkmn",
    };

    [Fact]
    public async Task Suspend_Text_TellsWhoFollows()
    {
        Cluster.On<SuspendModelRequest>(_ => new SuspendModelResponse { Suspension = Suspended, PolicyEpoch = 4, Acknowledgement = Answers.Acknowledged() });

        var run = await RunAsync("model", "suspend", "model/openai/*", "--reason", "it leaks");

        Assert.Equal(
            [
                "model        model/openai/*", "suspended    1970-01-01T00:00:00Z by abcdefghjkmn", "reason       it leaks",
                "outcome      no decision allows it any more", "policy epoch 4", "acknowledged silo-1 silo-2", "enforced by  1970-01-01T00:00:02Z",
            ],
            run.Lines);
        var request = Cluster.Received<SuspendModelRequest>().Single();
        Assert.Equal((0, "model/openai/*", "it leaks"), (run.ExitCode, request.Model, request.Reason));
    }

    [Fact]
    public async Task Resume_OfWhatAnotherPatternStops_SaysSo()
    {
        Cluster.On<ResumeModelRequest>(_ => new ResumeModelResponse
        {
            PolicyEpoch = 5, Acknowledgement = Answers.Acknowledged(), StillSuspendedBy = { "model/*", "model/openai/*" },
        });

        var text = await RunAsync("model", "resume", "model/openai/gpt-4");
        var json = await RunAsync("model", "resume", "model/openai/gpt-4", "--output", "json");

        Assert.Contains("`model/openai/gpt-4` is suspended all the same, by `model/*`, `model/openai/*`", text.Error);
        Assert.Equal(["model/*", "model/openai/*"], json.Json.GetProperty("still_suspended_by").EnumerateArray().Select(pattern => pattern.GetString()));
    }

    [Fact]
    public async Task List_ReadsEveryPage()
    {
        Cluster.On<ListSuspendedModelsRequest>(request => request.PageToken.Length == 0
            ? new ListSuspendedModelsResponse { Models = { new SuspendedModel { Model = "model/a", Suspension = Suspended } }, NextPageToken = "next" }
            : new ListSuspendedModelsResponse { Models = { new SuspendedModel { Model = "model/b/*", Suspension = Suspended } }, PolicyEpoch = 7 });

        var text = await RunAsync("model", "list");
        var json = await RunAsync("model", "list", "--output", "json");

        Assert.Equal(["model/a", "model/b/*"], text.Lines.Skip(1).Select(line => line.Split(' ')[0]));
        Assert.Contains("it leaks", text.Lines[1]);
        Assert.Equal((2, 7), (json.Json.GetProperty("models").GetArrayLength(), json.Json.GetProperty("policy_epoch").GetInt32()));
    }

    [Fact]
    public async Task List_OfNothing_SaysSo()
    {
        Cluster.On<ListSuspendedModelsRequest>(_ => new ListSuspendedModelsResponse());

        var run = await RunAsync("model", "list");

        Assert.Equal((0, ""), (run.ExitCode, run.Out));
        Assert.Contains("no model is suspended", run.Error);
    }
}
