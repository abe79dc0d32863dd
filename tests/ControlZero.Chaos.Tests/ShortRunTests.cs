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
        var (code, said) = await RunAsync("--setup", "postgres", "--seed", "1", "--seconds", "24", "--faults", "kill,pause,term");

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
        var (code, said) = await RunAsync(option, value);

        Assert.Equal(2, code);
        Assert.Contains(words, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OfFaultsTheSetUpDoesNotHave_IsNoSuccess()
    {
        var (code, said) = await RunAsync("--setup", "embedded", "--faults", "partition");

        Assert.Equal(4, code);
        Assert.Contains("partition: an embedded server is alone", said, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Said)> RunAsync(params string[] arguments)
    {
        var folder = Directory.CreateTempSubdirectory("cz-chaos-");
        string[] own = ["--server", Program("ControlZero.Server"), "--folder", Path.Combine(folder.FullName, "run")];
        var start = new ProcessStartInfo(Program("ControlZero.Chaos"), [.. own, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("the tool did not start");
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, string.Concat(said));
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            folder.Delete(recursive: true);
        }
    }

    // The build output of the same configuration as this test's.
    private static string Program(string name) => Path.Combine(Here.Parent!.Parent!.FullName, name, Here.Name, name);
}
