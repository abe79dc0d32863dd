using ControlZero.Integration.Tests.Processes;

namespace ControlZero.Integration.Tests.Quickstart;

/// <summary>What a newcomer sees first.</summary>
public sealed class QuickstartTests : IDisposable
{
    private static readonly string[][] Table =
    [
        ["anthropic/claude-sonnet-4-20250514", "allow", "rule-0", "RULE_MATCH"],
        ["anthropic/claude-opus-4-20250514", "deny", "rule-3", "RULE_MATCH"],
        ["google/gemini-pro", "deny", "rule-4", "RULE_MATCH"],
    ];

    private readonly ScratchDirectory _scratch = new();

    [Fact]
    public async Task Once_OnNewDirectory_ShowsAnswersAndPlaceOfKey()
    {
        var run = (await OnceAsync()).With(exitCode: 0);

        Assert.Contains("policy openrouter-model-policy version 1 is in force (published now)", run.Lines);
        Assert.Equal(Table, Rows(run));
        Assert.Contains($"  key     {_scratch.At("data", "admin.key")}", run.Lines);
        Assert.Equal("", run.Complaints);
    }

    [Fact]
    public async Task Once_OnItsOwnDirectory_FindsWhatTheFirstStored()
    {
        (await OnceAsync()).With(exitCode: 0);
        var key = await File.ReadAllTextAsync(_scratch.At("data", "admin.key"));

        var second = (await OnceAsync()).With(exitCode: 0);

        Assert.Contains("policy openrouter-model-policy version 1 is in force (found, unchanged)", second.Lines);
        Assert.Equal(Table, Rows(second));
        Assert.Equal(key, await File.ReadAllTextAsync(_scratch.At("data", "admin.key")));
    }

    [Fact]
    public async Task Quickstart_WithoutOnce_ServesUntilTerminated()
    {
        await using var server = await ServerProcess.StartQuickstartAsync(_scratch.Data);
        await server.Connect().InitializeAsync();

        var end = (await server.StopAsync()).With(exitCode: 0);

        Assert.Equal(Table, Rows(end));
        Assert.Equal("", end.Complaints);
    }

    [Fact]
    public async Task Quickstart_WithRedirectedOutput_NeverShowsTheKey()
    {
        await using var server = await ServerProcess.StartQuickstartAsync(_scratch.Data);
        var key = server.AdminKey;

        var end = (await server.StopAsync()).With(exitCode: 0);

        Assert.StartsWith("cz_live_", key, StringComparison.Ordinal);
        Assert.DoesNotContain("cz_live_", end.Output + end.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quickstart_FromDeepDirectory_SuggestsCommandOnWholeLines()
    {
        var data = _scratch.At(new string('d', 60), "data");
        Directory.CreateDirectory(Path.GetDirectoryName(data)!);
        await using var server = await ServerProcess.StartQuickstartAsync(data);

        var end = (await server.StopAsync()).With(exitCode: 0);

        Assert.Contains(
            $"  dotnet run --project src/ControlZero.Cli -- --url {server.Url} --key-file {data}/admin.key explain \\",
            end.Lines);
    }

    [Fact]
    public async Task Directory_WhileServing_IsForItsOwnerAlone()
    {
        await using var server = await ServerProcess.StartQuickstartAsync(_scratch.Data);

        var modes = Directory.GetFiles(_scratch.Data).ToDictionary(file => Path.GetFileName(file), file => ModeOf(file));

        Assert.Equal("700", ModeOf(_scratch.Data));
        Assert.Superset(new HashSet<string> { "admin.key", "lock", "state.db", "state.db-wal" }, modes.Keys.ToHashSet());
        Assert.All(modes, file => Assert.Equal((file.Key, "600"), (file.Key, file.Value)));
    }

    public void Dispose() => _scratch.Dispose();

    private Task<Ended> OnceAsync() =>
        ChildProcess.RunAsync(Repository.Server, ["quickstart", "--once", .. ServerProcess.Arguments(_scratch.Data)]);

    // The columns but the last, which is the time it took.
    private static string[][] Rows(Ended run) =>
        [.. run.Lines.Where(line => line.Contains("RULE_MATCH", StringComparison.Ordinal))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[..4])];

    private static string ModeOf(string path)
    {
#pragma warning disable CA1416 // The tests start programs by their Unix names; there is no Windows run of them.
        return Convert.ToString((int)File.GetUnixFileMode(path), toBase: 8);
#pragma warning restore CA1416
    }
}
