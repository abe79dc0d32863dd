using ControlZero.Protocol.V1;
using Grpc.Core;

namespace ControlZero.Cli.Tests.Policies;

public sealed class DiffTests : CliTest
{
    private const string Published = "name: p\nrules:\n- allow: a\n- allow: b\n- allow: c\n- allow: d\n- allow: e\n- allow: f\n";

    [Fact]
    public async Task Diff_OfADraft_ShowsWhatItMeansOtherwise_AndExitsWithFindings()
    {
        Publish(4);
        var draft = Published.Replace("allow: e", "deny: e", StringComparison.Ordinal).Replace("- allow: f\n", "- {id: g, allow: g, resource: [r/b, r/a]}\n", StringComparison.Ordinal);

        var run = await RunAsync("policy", "diff", Write("draft.yaml", $"# reworded\npriority: 5\n{draft}"));

        Assert.Equal((4, "the draft against version 4: 2 changed, 1 removed, 1 added\n"), (run.ExitCode, run.Error));
        Assert.Equal(
            """
            CHANGE  PART        FIELD    WAS   BECOMES
            changed policy p    priority 100   5
            changed rule rule-4 effect   allow deny
            removed rule rule-5 (place)  5
                                action   f
                                effect   allow
            added   rule g      (place)        5
                                action         g
                                effect         allow
                                id             g
                                resource       ["r/a","r/b"]
            """.Split('\n'),
            run.Lines);
        Assert.Equal(("p", 0L), (Cluster.Received<GetPolicyRequest>().Single().Name, Cluster.Received<GetPolicyRequest>().Single().Version));
    }

    [Fact]
    public async Task Diff_AsJson_HasEveryFieldWithWhatItWasAndBecomes()
    {
        Publish(4);

        var run = await RunAsync("policy", "diff", Write("draft.yaml", Published.Replace("allow: e", "deny: e", StringComparison.Ordinal)), "--output", "json");

        Assert.Equal((4, ""), (run.ExitCode, run.Error));
        Assert.Equal(
            """{"name":"p","version":4,"identical":false,"same_text":false,"changes":[{"change":"changed","part":"rule","id":"rule-4","moved":false,"was_at":4,"becomes_at":4,"fields":[{"field":"effect","was":"allow","becomes":"deny"}]}]}""",
            System.Text.Json.JsonSerializer.Serialize(run.Json));
    }

    [Fact]
    public async Task Diff_OfTheSameDocument_OrOneThatMeansTheSame_IsOk()
    {
        Publish(2);

        var same = await RunAsync("policy", "diff", Write("draft.yaml", Published), "--version", "2");
        var reworded = await RunAsync("policy", "diff", Write("reworded.yaml", $"{Published}# a comment\n"));
        var json = await RunAsync("policy", "diff", "reworded.yaml", "--output", "json");

        Assert.Equal((0, "", "this is the document of version 2\n"), (same.ExitCode, same.Out, same.Error));
        Assert.Equal((0, "", "the draft means what version 2 means; it is written otherwise, as `--text` shows\n"), (reworded.ExitCode, reworded.Out, reworded.Error));
        Assert.Equal((0, true, false), (json.ExitCode, json.Json.GetProperty("identical").GetBoolean(), json.Json.GetProperty("same_text").GetBoolean()));
        Assert.Equal(2, Cluster.Received<GetPolicyRequest>()[0].Version);
    }

    [Fact]
    public async Task Diff_AsText_ShowsTheLinesAroundTheChange_AndExitsWithFindings()
    {
        Publish(4);

        var run = await RunAsync("policy", "diff", "--text", Write("draft.yaml", Published.Replace("allow: e", "deny: e", StringComparison.Ordinal)));
        var reworded = await RunAsync("policy", "diff", "--text", Write("reworded.yaml", $"# a comment\n{Published}"));
        var same = await RunAsync("policy", "diff", "--text", Write("same.yaml", Published));

        Assert.Equal((4, "- version 4, + the draft\n"), (run.ExitCode, run.Error));
        Assert.Equal(["  - allow: b", "  - allow: c", "  - allow: d", "- - allow: e", "+ - deny: e", "  - allow: f"], run.Lines.Where(line => line.Trim().Length > 0));
        Assert.Equal((4, "+ # a comment"), (reworded.ExitCode, reworded.Lines[0]));
        Assert.Equal((0, ""), (same.ExitCode, same.Out));
    }

    [Fact]
    public async Task Diff_OfAPolicyThatIsNotPublished_IsAllNew_AndAVersionThatIsNotThereAnError()
    {
        Cluster.Fail<GetPolicyRequest>(new RpcException(new Status(StatusCode.NotFound, "there is no policy `p`")));
        var file = Write("draft.yaml", "name: p\nrules: [{allow: a}]");

        var text = await RunAsync("policy", "diff", file, "--text", "--output", "json");
        var json = await RunAsync("policy", "diff", file, "--output", "json");

        Assert.Equal((4, 2), (text.ExitCode, text.Json.GetProperty("lines").EnumerateArray().Count(line => line.GetProperty("change").GetString() == "+")));
        Assert.Equal(["added policy", "added rule"], json.Json.GetProperty("changes").EnumerateArray().Select(change => $"{change.GetProperty("change")} {change.GetProperty("part")}"));
        Assert.Equal((4, System.Text.Json.JsonValueKind.Null), (json.ExitCode, json.Json.GetProperty("version").ValueKind));
        Assert.Equal("no version of it is in force: all of it is new\n", (await RunAsync("policy", "diff", file)).Error);
        Assert.Equal(1, (await RunAsync("policy", "diff", file, "--version", "9")).ExitCode);
    }

    [Fact]
    public async Task Diff_WithAPublishedDocumentThatThisProgramCannotRead_SaysSo_AndStillComparesText()
    {
        Cluster.On<GetPolicyRequest>(_ => new GetPolicyResponse { Policy = PublishTests.Policy("p", 4), Document = $"{Published}soon: true\n", VersionInForce = 4 });
        var file = Write("draft.yaml", Published);

        var run = await RunAsync("policy", "diff", file);

        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.Contains("does not understand version 4", run.Error, StringComparison.Ordinal);
        Assert.Contains("- soon: true", (await RunAsync("policy", "diff", file, "--text")).Lines);
    }

    [Fact]
    public async Task Diff_OfADraftThatWouldBeRefused_ShowsTheFindings() =>
        Assert.Equal(4, (await RunAsync("policy", "diff", Write("draft.yaml", "name: p\nrules: []"))).ExitCode);

    private void Publish(long version) => Cluster.On<GetPolicyRequest>(
        _ => new GetPolicyResponse { Policy = PublishTests.Policy("p", version), Document = Published, VersionInForce = 4 });
}
