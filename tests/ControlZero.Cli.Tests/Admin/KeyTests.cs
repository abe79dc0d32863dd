using ControlZero.Protocol.V1;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Cli.Tests.Admin;

public sealed class KeyTests : CliTest
{
    private static Key Info(DateTimeOffset? expires = null) => new()
    {
        KeyId = "newnewnewnew",
        Name = "ci",
        Scopes = { "enforce" },
        Agents = { "team-*" },
        CreatedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch),
        ExpiresAt = expires is null ? null : Timestamp.FromDateTimeOffset(expires.Value),
    };

    [Fact]
    public async Task Create_Text_PrintsTheKeyAloneOnStdout()
    {
        Cluster.On<CreateKeyRequest>(_ => new CreateKeyResponse { Key = "cz_test_new", KeyInfo = Info() });

        var run = await RunAsync("key", "create", "--scopes", "enforce, policy:read", "--agents", "team-*,x", "--agents", "y", "--name", "ci");

        Assert.Equal((0, "cz_test_new\n"), (run.ExitCode, run.Out));
        Assert.Equal("key newnewnewnew (ci): scopes enforce; agents team-*; does not expire\nkeep it now: it is not shown again\n", run.Error);
        var request = Cluster.Received<CreateKeyRequest>().Single();
        Assert.Equal(["enforce", "policy:read"], request.Scopes);
        Assert.Equal(["team-*", "x", "y"], request.Agents);
        Assert.Equal(("ci", null), (request.Name, request.ExpiresAt));
    }

    [Theory]
    [InlineData("30d", "2026-12-23T09:30:00Z")]
    [InlineData("2027-01-31T01:00:00+01:00", "2027-01-31T00:00:00Z")]
    [InlineData("2027-01-31T00:00:00Z", "2027-01-31T00:00:00Z")]
    public async Task Create_Expires_IsALengthOfTimeOrAnInstant(string text, string instant)
    {
        Cluster.On<CreateKeyRequest>(request => new CreateKeyResponse { Key = "k", KeyInfo = Info(request.ExpiresAt.ToDateTimeOffset()) });

        var run = await RunAsync("key", "create", "--scopes", "enforce", "--expires", text, "--output", "json");

        Assert.Equal(instant, run.Json.GetProperty("key_info").GetProperty("expires_at").GetString());
    }

    [Theory]
    [InlineData("30")]
    [InlineData("0d")]
    [InlineData("-1d")]
    [InlineData("99999999999999999999d")]
    [InlineData("9999999d")]
    [InlineData("tomorrow")]
    [InlineData("2027-01-31")]
    [InlineData("2027-01-31T00:00:00")]
    public async Task Create_ExpiresOtherwise_IsWrongUsage(string text)
    {
        var run = await RunAsync("key", "create", "--scopes", "enforce", $"--expires={text}");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("write `30d` or `2027-01-31T00:00:00Z`", run.Error, StringComparison.Ordinal);
        Assert.Empty(Cluster.Calls);
    }

    /// <summary>Policies are the tenant's: a binding does not narrow who may change them, and whoever makes such a key is told so.</summary>
    [Theory]
    [InlineData("enforce,policy:write", "team-*", "`policy:write` decides")]
    [InlineData("admin", "team-*,x", "`admin` decides")]
    [InlineData("policy:write,admin", "x", "`policy:write` and `admin` decide")]
    [InlineData("enforce,policy:read,agent:write,audit:read", "team-*", null)]
    [InlineData("policy:write,admin", "", null)]
    [InlineData("policy:write,admin", "x,*", null)]
    public async Task Create_BoundKeyWithAScopeThatDecidesAboutEveryAgent_IsWarnedAboutAndMade(string scopes, string agents, string? warned)
    {
        var info = Info();
        (info.Name, string[] held, string[] bound) = ("", scopes.Split(','), agents.Split(',', StringSplitOptions.RemoveEmptyEntries));
        info.Scopes.Clear();
        info.Scopes.Add(held);
        info.Agents.Clear();
        info.Agents.Add(bound);
        Cluster.On<CreateKeyRequest>(_ => new CreateKeyResponse { Key = "cz_test_new", KeyInfo = info });

        // What counts is the key that was made: bound like the key it was made with, when nothing is said.
        var text = await RunAsync("key", "create", "--scopes", scopes);
        var json = await RunAsync("key", "create", "--scopes", scopes, "--output", "json");

        var warning = warned is null ? "" :
            $"warning: {warned} about every agent, not only {agents}: policies and models are the tenant's\n" +
            "  if that is not meant, `cz key revoke newnewnewnew` and make one with other scopes; `enforce`, `policy:read`, `agent:write` and `audit:read` decide about no agents but its own\n";
        Assert.Equal((0, "cz_test_new\n"), (text.ExitCode, text.Out));
        Assert.Equal(
            $"{warning}key newnewnewnew: scopes {scopes}; agents {(agents.Length == 0 ? "all" : agents)}; does not expire\nkeep it now: it is not shown again\n", text.Error);
        Assert.Equal((0, "cz_test_new", warning), (json.ExitCode, json.Json.GetProperty("key").GetString(), json.Error));
    }

    [Fact]
    public async Task Create_WithoutScopes_IsWrongUsage()
    {
        var run = await RunAsync("key", "create");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--scopes", run.Error, StringComparison.Ordinal);
        Assert.Contains("see `cz key create --help`", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Revoke_Key_PrintsWhen()
    {
        var revoked = Info();
        revoked.RevokedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch);
        Cluster.On<RevokeKeyRequest>(_ => new RevokeKeyResponse { KeyInfo = revoked });

        var run = await RunAsync("key", "revoke", "newnewnewnew");

        Assert.Equal((0, "key     newnewnewnew\nname    ci\nrevoked 1970-01-01T00:00:00Z\n"), (run.ExitCode, run.Out));
        Assert.Equal("newnewnewnew", Cluster.Received<RevokeKeyRequest>().Single().KeyId);
    }
}
