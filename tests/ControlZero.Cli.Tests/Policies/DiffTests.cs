using ControlZero.Protocol.V1;
using Grpc.Core;

namespace ControlZero.Cli.Tests.Policies;

public sealed class DiffTests : CliTest
{
    private const string Published = "name: p\nrules:\n- allow: a\n- allow: b\n- allow: c\n- allow: d\n- allow: e\n- allow: f\n";

    [Fact]
    public async Task Diff_OfAChangedDraft_ShowsTheLinesAroundTheChange_AndExitsWithFindings()
    {
        Cluster.On<GetPolicyRequest>(_ => new GetPolicyResponse { Policy = PublishTests.Policy("p", 4), Document = Published, VersionInForce = 4 });

        var run = await RunAsync("policy", "diff", Write("draft.yaml", Published.Replace("allow: e", "deny: e", StringComparison.Ordinal)));

        Assert.Equal(4, run.ExitCode);
        Assert.Equal(["  - allow: b", "  - allow: c", "  - allow: d", "- - allow: e", "+ - deny: e", "  - allow: f"], run.Lines.Where(line => line.Trim().Length > 0));
        Assert.Equal("- version 4, + the draft\n", run.Error);
        Assert.Equal(("p", 0L), (Cluster.Received<GetPolicyRequest>().Single().Name, Cluster.Received<GetPolicyRequest>().Single().Version));
    }

    [Fact]
    public async Task Diff_OfTheSameDocument_IsOk()
    {
        Cluster.On<GetPolicyRequest>(_ => new GetPolicyResponse { Policy = PublishTests.Policy("p", 2), Document = Published, VersionInForce = 4 });

        var run = await RunAsync("policy", "diff", Write("draft.yaml", Published), "--version", "2");

        Assert.Equal((0, "", "this is the document of version 2\n"), (run.ExitCode, run.Out, run.Error));
        Assert.Equal(2, Cluster.Received<GetPolicyRequest>().Single().Version);
    }

    [Fact]
    public async Task Diff_OfAPolicyThatIsNotPublished_IsAllNew_AndAVersionThatIsNotThereAnError()
    {
        Cluster.Fail<GetPolicyRequest>(new RpcException(new Status(StatusCode.NotFound, "there is no policy `p`")));
        var file = Write("draft.yaml", "name: p\nrules: [{allow: a}]");

        var json = await RunAsync("policy", "diff", file, "--output", "json");

        Assert.Equal((4, 2), (json.ExitCode, json.Json.GetProperty("lines").EnumerateArray().Count(line => line.GetProperty("change").GetString() == "+")));
        Assert.Equal(1, (await RunAsync("policy", "diff", file, "--version", "9")).ExitCode);
    }

    [Fact]
    public async Task Diff_OfADraftThatWouldBeRefused_ShowsTheFindings() =>
        Assert.Equal(4, (await RunAsync("policy", "diff", Write("draft.yaml", "name: p\nrules: []"))).ExitCode);
}
