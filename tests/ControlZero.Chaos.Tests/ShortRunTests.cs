using System.Diagnostics;

namespace ControlZero.Chaos.Tests;

/// <summary>The tool itself, as it is called: a short run with real servers. <c>tests/chaos</c> makes long ones.</summary>
[Trait("Category", "Integration")]
public sealed class ShortRunTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(6);
    private static readonly DirectoryInfo Here = new(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));

    [Fact]
    public async Task Run_WithKillPauseAndTerm_FindsNothingWrong()
    {
        var (code, said) = await RunAsync(expected: 0, "--setup", "postgres", "--seed", "1", "--seconds", "24", "--faults", "kill,pause,term");

        Assert.True(code == 0, said);
        Assert.Contains("| kill | 1 |", said, StringComparison.Ordinal);
        Assert.Contains("| pause | 1 |", said, StringComparison.Ordinal);
        Assert.Contains("| term | 1 |", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--setup", "oracle", "--setup `oracle` is not known; take one of embedded, azure, postgres")]
    [InlineData("--faults", "fire", "--faults `fire` is not known; take some of kill, pause, term")]
    [InlineData("--seconds", "0", "--seconds `0` is out of bounds; take 1 to 14400")]
    public async Task Run_WrongUsage_IsRefused(string option, string value, string words)
    {
        var (code, said) = await RunAsync(expected: 2, option, value);

        Assert.Equal(2, code);
        Assert.Contains(words, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OfFaultsTheSetUpDoesNotHave_IsNoSuccess()
    {
        var (code, said) = await RunAsync(expected: 4, "--setup", "embedded", "--faults", "partition");

        Assert.Equal(4, code);
        Assert.Contains("partition: an embedded server is alone", said, StringComparison.Ordinal);
    }

    // The record of a run that ended otherwise than expected stays where what it said tells: without it nobody learns why.
    private static async Task<(int Code, string Said)> RunAsync(int expected, params string[] arguments)
    {
        var folder = Directory.CreateTempSubdirectory("cz-chaos-");
        string[] own = ["--server", Program("ControlZero.Server"), "--folder", Path.Combine(folder.FullName, "run")];
        var start = new ProcessStartInfo(Program("ControlZero.Chaos"), [.. own, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("the tool did not start");
        using var limit = new CancellationTokenSource(Limit);
        using var killing = limit.Token.Register(() => process.Kill(entireProcessTree: true));
        var said = string.Concat(await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync()));
        await process.WaitForExitAsync(CancellationToken.None);
        if (process.ExitCode == expected)
        {
            folder.Delete(recursive: true);
        }

        return (process.ExitCode, said);
    }

    // The build output of the same configuration as this test's.
    private static string Program(string name) => Path.Combine(Here.Parent!.Parent!.FullName, name, Here.Name, name);
}
