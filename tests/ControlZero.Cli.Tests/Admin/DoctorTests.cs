using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;
using Google.Protobuf.WellKnownTypes;

namespace ControlZero.Cli.Tests.Admin;

public sealed class DoctorTests : CliTest
{
    private static readonly Advice Error = new() { Id = "e", Severity = AdviceSeverity.Error, Finding = "broken", Remedy = "mend it" };

    private static readonly Advice Warning = new() { Id = "w", Severity = AdviceSeverity.Warning, Finding = "odd", Remedy = "look" };

    [Fact]
    public async Task Doctor_Text_ShowsErrorsFirstWithTheirRemedies()
    {
        Answer(status => status.Advice.Add([Warning, Error]));

        var run = await RunAsync("doctor");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            ["error e: broken", "    mend it", "warning w: odd", "    look", "1 error, 1 warning"],
            run.Lines);
    }

    [Fact]
    public async Task Doctor_Json_SaysWhoFoundIt()
    {
        Answer(status => status.Advice.Add(Error));

        var run = await RunAsync("doctor", "--output", "json", "--key", Key);

        Assert.Equal((1, 1), (run.Json.GetProperty("errors").GetInt32(), run.Json.GetProperty("warnings").GetInt32()));
        Assert.Equal(
            [("e", "server"), ("key_on_command_line", "client")],
            run.Json.GetProperty("findings").EnumerateArray().Select(found => (found.GetProperty("id").GetString()!, found.GetProperty("side").GetString()!)));
    }

    [Theory]
    [InlineData(true, "error", 4)]
    [InlineData(true, "warning", 0)]
    [InlineData(false, "error", 0)]
    public async Task Doctor_Strict_FailsOnErrorsAlone(bool strict, string severity, int exitCode)
    {
        Answer(status => status.Advice.Add(severity == "error" ? Error : Warning));

        var run = await RunAsync(strict ? ["doctor", "--strict"] : ["doctor"]);

        Assert.Equal(exitCode, run.ExitCode);
    }

    [Fact]
    public async Task Doctor_WithoutClusterAdmin_SaysThatTheServerWasNotExamined()
    {
        Answer(status => status.Caller.Scopes.Remove("cluster:admin"));

        var run = await RunAsync("doctor", "--strict");

        Assert.Equal(4, run.ExitCode);
        Assert.StartsWith("error server_not_examined: ", run.Lines[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-3, "behind")]
    [InlineData(3, "ahead of")]
    public async Task Doctor_OverClocksThatDiffer_Warns(int seconds, string word)
    {
        Answer(status => status.ServerTime = Timestamp.FromDateTimeOffset(Clock.GetUtcNow().AddSeconds(seconds)));

        var run = await RunAsync("doctor");

        Assert.Equal($"warning clock_skew: the server's clock is 3.0 s {word} this machine's", run.Lines[0]);
    }

    [Fact]
    public async Task Doctor_OverAKeyFileThatOthersMayRead_IsAnError()
    {
        Environment.Remove("CONTROLZERO_API_KEY");
        Answer(_ => { });
        var file = Write("key", Key);
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var path = Path.Combine(Host().Directory, file);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var closed = await RunAsync("doctor", "--key-file", file);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        var open = await RunAsync("doctor", "--key-file", file);

        Assert.Equal("0 errors, 0 warnings", closed.Lines[^1]);
        Assert.StartsWith("error key_file_mode: ", open.Lines[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://10.0.0.1:5050", true)]
    [InlineData("http://localhost.example:5050", true)]
    [InlineData("https://10.0.0.1:5050", false)]
    [InlineData("http://localhost:5050", false)]
    [InlineData("http://[::1]:5050", false)]
    public void Address_WithoutTlsBeyondThisMachine_IsAnError(string url, bool found) =>
        Assert.Equal(found, Cli.Cluster.ClientChecks.OfAddress(url).Any());

    private void Answer(Action<GetStatusResponse> change) => Cluster.On<GetStatusRequest>(_ =>
    {
        var status = Answers.Status();
        status.Caller.Scopes.Add("cluster:admin");
        status.ServerTime = Timestamp.FromDateTimeOffset(Clock.GetUtcNow());
        change(status);
        return status;
    });
}
