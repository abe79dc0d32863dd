using ControlZero.Cli.Connection;
using ControlZero.Protocol.V1;
using ControlZero.Testing.Scripted;

namespace ControlZero.Cli.Tests.Connection;

public sealed class GlobalOptionTests : CliTest
{
    [Fact]
    public async Task Help_Root_DocumentsEveryExitCode()
    {
        var run = await RunAsync("--help");

        Assert.Equal(0, run.ExitCode);
        Assert.Contains(ExitCodes.Help.Split('\n')[^1].Trim(), run.Out, StringComparison.Ordinal);
        Assert.All(Enumerable.Range(0, 7), code => Assert.Contains($"\n    {code}  ", run.Out, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("policy")]
    [InlineData("polcy", "list")]
    [InlineData("status", "--output", "xml")]
    [InlineData("status", "--timeout", "soon")]
    [InlineData("enforce")]
    [InlineData("status", "--url", "ftp://x")]
    [InlineData("status", "--url", "http://127.0.0.1:5050/path")]
    [InlineData("status", "--url", "http://127.0.0.1:5050,")]
    public async Task WrongUsage_OfAnyKind_IsExitCode2WithWordsOnStderrOnly(params string[] args)
    {
        var run = await RunAsync(args);

        Assert.Equal((2, ""), (run.ExitCode, run.Out));
        Assert.StartsWith("error: ", run.Error, StringComparison.Ordinal);
        Assert.Empty(Cluster.Calls);
    }

    [Fact]
    public async Task WrongUsage_Json_IsOneDocument()
    {
        var run = await RunAsync("policy", "show", "--output", "json");

        Assert.Equal((2, "USAGE"), (run.ExitCode, run.Json.GetProperty("error").GetProperty("reason").GetString()));
    }

    [Fact]
    public async Task Url_Option_WinsOverTheEnvironment()
    {
        Cluster.On<GetStatusRequest>(_ => Answers.Status());
        Environment["CONTROLZERO_URL"] = "http://127.0.0.1:1";

        var run = await RunAsync("status", "--url", Cluster.Url);

        Assert.Equal(0, run.ExitCode);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("enforce", "--action", "x", "--agent", "agent-1")]
    public async Task Url_SeveralAddresses_TheFirstThatCanBeReachedIsAsked(params string[] args)
    {
        Cluster.On<GetStatusRequest>(_ => Answers.Status()).On<EnforceRequest>(_ => Answers.Allow());
        await using var gone = await ScriptedCluster.StartAsync();
        var url = $"{gone.Url},{Cluster.Url}";
        await gone.KillAsync();

        var run = await RunAsync([.. args, "--url", url]);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Single(Cluster.Calls);
    }

    [Fact]
    public async Task Connection_NobodyListens_IsExitCode1WithARemedy()
    {
        var run = await RunAsync("status", "--url", "http://127.0.0.1:1");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("Connection refused", run.Error, StringComparison.Ordinal);
        Assert.Contains("check `--url`", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Timeout_Option_IsTheDeadlineOfTheCall()
    {
        var remaining = TimeSpan.Zero;
        Cluster.On<GetStatusRequest>((_, context) =>
        {
            remaining = context.Deadline - TimeProvider.System.GetUtcNow().UtcDateTime;
            return Task.FromResult<object>(Answers.Status());
        });

        await RunAsync("status", "--timeout", "4m");

        Assert.InRange(remaining, TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(4));
    }

    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("10s", 10_000)]
    [InlineData("2m", 120_000)]
    [InlineData("12h", 43_200_000)]
    [InlineData("30d", 2_592_000_000)]
    public void Duration_NumberAndUnit_IsRead(string text, long milliseconds)
    {
        Assert.True(Durations.TryParse(text, out var time));
        Assert.Equal(milliseconds, time.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("s")]
    [InlineData("0s")]
    [InlineData("-1s")]
    [InlineData("1.5s")]
    [InlineData("1 s")]
    [InlineData("10S")]
    [InlineData("3651d")]
    public void Duration_Otherwise_IsRefused(string text) => Assert.False(Durations.TryParse(text, out _));
}
