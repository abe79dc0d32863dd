using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Grpc.Core;

namespace ControlZero.Cli.Tests.Policies;

public sealed class ListAndShowTests : CliTest
{
    [Fact]
    public async Task List_SeveralPages_AreShownAsOneTable()
    {
        Cluster.On<ListPoliciesRequest>(request => request.PageToken.Length == 0
            ? new ListPoliciesResponse { Policies = { PublishTests.Policy("first", 1) }, NextPageToken = "next" }
            : new ListPoliciesResponse { Policies = { new PolicyVersion(PublishTests.Policy("second", 12)) { Mode = "shadow" } } });

        var run = await RunAsync("policy", "list");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            [
                "POLICY VERSION PRIORITY ENABLED MODE    RULES PUBLISHED            DESCRIPTION",
                "first  1       100      yes     enforce 5     1970-01-01T00:00:00Z which models",
                "second 12      100      yes     shadow  5     1970-01-01T00:00:00Z which models",
            ],
            run.Lines);
    }

    [Fact]
    public async Task List_NoPolicies_SaysWhatToDoOnStderr()
    {
        Cluster.On<ListPoliciesRequest>(_ => new ListPoliciesResponse());

        var run = await RunAsync("policy", "list");

        Assert.Equal((0, "", "no policy is published; publish one with `cz policy publish FILE`\n"), (run.ExitCode, run.Out, run.Error));
    }

    [Fact]
    public async Task List_Json_HoldsThePoliciesInOrder()
    {
        Cluster.On<ListPoliciesRequest>(_ => new ListPoliciesResponse { Policies = { PublishTests.Policy("b", 1), PublishTests.Policy("a", 2) }, PolicyEpoch = 3 });

        var run = await RunAsync("policy", "list", "--output", "json");

        Assert.Equal(["b", "a"], run.Json.GetProperty("policies").EnumerateArray().Select(policy => policy.GetProperty("name").GetString()));
        Assert.Equal(3UL, run.Json.GetProperty("policy_epoch").GetUInt64());
    }

    [Fact]
    public async Task List_TextFromElsewhere_CannotSteerTheTerminal()
    {
        var policy = PublishTests.Policy("p", 1);
        policy.Description = "[red]a\u001b[2J\u202eb\nc";
        Cluster.On<ListPoliciesRequest>(_ => new ListPoliciesResponse { Policies = { policy } });

        var run = await RunAsync("policy", "list");

        Assert.EndsWith(@"[red]a\u001b[2J\u202eb\u000ac", run.Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_Policy_PrintsTheDocumentByteForByteAndFactsOnStderr()
    {
        const string Document = "name: p\nrules: []   \n\n";
        Cluster.On<GetPolicyRequest>(_ => new GetPolicyResponse { Policy = PublishTests.Policy("p", 2), Document = Document, VersionInForce = 3 });

        var run = await RunAsync("policy", "show", "p", "--version", "2");

        Assert.Equal((0, Document), (run.ExitCode, run.Out));
        Assert.Equal("p version 2 (in force: 3), published 1970-01-01T00:00:00Z by abcdefghjkmn, sha256 ab12\n", run.Error);
        Assert.Equal(("p", 2L), (Cluster.Received<GetPolicyRequest>().Single().Name, Cluster.Received<GetPolicyRequest>().Single().Version));
    }

    [Fact]
    public async Task Show_UnknownPolicy_Fails()
    {
        Cluster.Fail<GetPolicyRequest>(Answers.Error(StatusCode.NotFound, "there is no policy `p`", "POLICY_NOT_FOUND"));

        var run = await RunAsync("policy", "show", "p");

        Assert.Equal((1, "", "error: there is no policy `p`\n"), (run.ExitCode, run.Out, run.Error));
    }
}
