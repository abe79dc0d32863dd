using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlZero.Cli.Tests.Policies;

public sealed class PublishTests : CliTest
{
    private const string Document = """{ "name": "models", "rules": [] }""";

    private static PublishPolicyResponse Published(bool unchanged = false) => new()
    {
        Policy = Policy("models", 4),
        PolicyEpoch = 9,
        Unchanged = unchanged,
        Diagnostics = { new Diagnostic { Line = 2, Column = 3, Severity = Severity.Warning, Code = "RULE_ID_TWICE", Message = "twice", Remedy = "rename" } },
    };

    internal static PolicyVersion Policy(string name, long version) => new()
    {
        Name = name,
        Version = version,
        Description = "which models",
        Priority = 100,
        Enabled = true,
        RuleCount = 5,
        Digest = "ab12",
        PublishedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch),
        PublishedBy = "abcdefghjkmn",
    };

    [Fact]
    public async Task Publish_Document_PrintsWhatIsNowInForceAndWarnsOnStderr()
    {
        Cluster.On<PublishPolicyRequest>(_ => Published());

        var run = await RunAsync("policy", "publish", Write("m.json", Document));

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(["policy       models", "version      4", "in force     yes", "policy epoch 9"], run.Lines);
        Assert.Equal("m.json:2:3 warning RULE_ID_TWICE twice\n    rename\n", run.Error);
        Assert.Equal(Document, Cluster.Received<PublishPolicyRequest>().Single().Document);
    }

    [Fact]
    public async Task Publish_Json_IsOneDocument()
    {
        Cluster.On<PublishPolicyRequest>(_ => Published(unchanged: true));

        var run = await RunAsync(Document, ["policy", "publish", "-", "--output", "json"]);

        Assert.Equal(
            (0, "models", 4L, "1970-01-01T00:00:00Z", 9UL, true, 1),
            (run.ExitCode, run.Json.GetProperty("policy").GetProperty("name").GetString(), run.Json.GetProperty("policy").GetProperty("version").GetInt64(),
             run.Json.GetProperty("policy").GetProperty("published_at").GetString(), run.Json.GetProperty("policy_epoch").GetUInt64(),
             run.Json.GetProperty("unchanged").GetBoolean(), run.Json.GetProperty("diagnostics").GetArrayLength()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("0")]
    [InlineData("3")]
    public async Task Publish_ExpectedVersion_IsSentAsGiven(string? version)
    {
        Cluster.On<PublishPolicyRequest>(_ => Published());

        await RunAsync(["policy", "publish", Write("m.json", Document), .. version is null ? Array.Empty<string>() : ["--expected-version", version]]);

        var request = Cluster.Received<PublishPolicyRequest>().Single();
        Assert.Equal(version, request.HasExpectedVersion ? $"{request.ExpectedVersion}" : null);
    }

    [Fact]
    public async Task Publish_VersionConflict_HasItsOwnExitCode()
    {
        var facts = new Dictionary<string, string> { ["expected"] = "3", ["current"] = "4" };
        Cluster.Fail<PublishPolicyRequest>(Answers.Error(StatusCode.Aborted, "version 4 is in force, not 3", "VERSION_CONFLICT", facts));

        var run = await RunAsync("policy", "publish", Write("m.json", Document), "--expected-version", "3", "--output", "json");

        Assert.Equal(6, run.ExitCode);
        var error = run.Json.GetProperty("error");
        Assert.Equal(
            ("ABORTED", "VERSION_CONFLICT", "4"),
            (error.GetProperty("status").GetString(), error.GetProperty("reason").GetString(), error.GetProperty("metadata").GetProperty("current").GetString()));
        Assert.Equal("error: version 4 is in force, not 3\n", run.Error);
    }

    [Fact]
    public async Task Publish_RefusedDocument_PrintsTheFindingsLikeValidate()
    {
        var findings = new PolicyFindings { Diagnostics = { new Diagnostic { Line = 1, Column = 30, Severity = Severity.Error, Code = "EMPTY_LIST", Message = "no rules", Remedy = "add one" } } };
        Cluster.Fail<PublishPolicyRequest>(Answers.Error(StatusCode.InvalidArgument, "1 finding", "POLICY_INVALID", null, findings));

        var run = await RunAsync("policy", "publish", Write("m.json", Document));

        Assert.Equal((4, "m.json:1:30 error EMPTY_LIST no rules\n    add one\n"), (run.ExitCode, run.Out));
        Assert.Equal("the document is refused; nothing was published\n", run.Error);
    }
}
