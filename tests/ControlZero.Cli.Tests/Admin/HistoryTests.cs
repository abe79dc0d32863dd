using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Cli.Tests.Admin;

public sealed class HistoryTests : CliTest
{
    [Fact]
    public async Task PolicyVersions_ReadsEveryPage_AndMarksTheOneInForce()
    {
        Cluster.On<ListPolicyVersionsRequest>(request => request.PageToken.Length == 0
            ? new ListPolicyVersionsResponse { Versions = { Version(3) }, NextPageToken = "next", VersionInForce = 3 }
            : new ListPolicyVersionsResponse { Versions = { Version(1) }, VersionInForce = 3 });

        var text = await RunAsync("policy", "versions", "p");
        var json = await RunAsync("policy", "versions", "p", "--output", "json");

        Assert.Matches("^3 +yes ", text.Lines[1]);
        Assert.Matches("^1 +0 ", text.Lines[2]);
        Assert.Equal((2, 3), (json.Json.GetProperty("versions").GetArrayLength(), json.Json.GetProperty("version_in_force").GetInt32()));
    }

    [Fact]
    public async Task PolicyRollback_SendsWhatWasAskedFor_AndTellsWhoFollows()
    {
        Cluster.On<RollbackPolicyRequest>(_ => new RollbackPolicyResponse { Policy = Version(4), PolicyEpoch = 9, Acknowledgement = Answers.Acknowledged() });

        var run = await RunAsync("policy", "rollback", "p", "--to", "2", "--expected-version", "3");

        Assert.Equal(
            [
                "policy       p", "version      4", "outcome      the document of version 2 is in force", "policy epoch 9", "acknowledged silo-1 silo-2",
                "enforced by  1970-01-01T00:00:02Z",
            ],
            run.Lines);
        var request = Cluster.Received<RollbackPolicyRequest>().Single();
        Assert.Equal(("p", 2L, 3L), (request.Name, request.Version, request.ExpectedVersion));
    }

    [Fact]
    public async Task PolicyDelete_TellsWhoFollows()
    {
        Cluster.On<DeletePolicyRequest>(_ => new DeletePolicyResponse { PolicyEpoch = 9, Acknowledgement = Answers.Acknowledged() });

        var run = await RunAsync("policy", "delete", "p");

        Assert.Equal(["policy       p", "outcome      it is out of force", "policy epoch 9", "acknowledged silo-1 silo-2", "enforced by  1970-01-01T00:00:02Z"], run.Lines);
        Assert.False(Cluster.Received<DeletePolicyRequest>().Single().HasExpectedVersion);
    }

    [Fact]
    public async Task KeyList_ReadsEveryPage()
    {
        var key = new Key { KeyId = "abcdefghjkmn", Name = "ci", Scopes = { "enforce" }, CreatedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch) };
        Cluster.On<ListKeysRequest>(request => request.PageToken.Length == 0
            ? new ListKeysResponse { Keys = { key }, NextPageToken = "next" }
            : new ListKeysResponse { Keys = { key } });

        var text = await RunAsync("key", "list");
        var json = await RunAsync("key", "list", "--output", "json");

        Assert.Equal(3, text.Lines.Length);
        Assert.Contains("abcdefghjkmn ci", text.Lines[2]);
        Assert.Equal(2, json.Json.GetProperty("keys").GetArrayLength());
    }

    private static PolicyVersion Version(long number) =>
        new() { Name = "p", Version = number, Digest = "00ff", PublishedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch), PublishedBy = "abcdefghjkmn" };
}
