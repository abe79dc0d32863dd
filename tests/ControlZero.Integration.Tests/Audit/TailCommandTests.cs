using System.Text.Json;
using ControlZero.Client;
using ControlZero.Integration.Tests.Processes;
using ControlZero.Protocol.V1;
using ControlZero.Servers.Cluster;

namespace ControlZero.Integration.Tests.Audit;

/// <summary><c>cz audit tail</c> as somebody runs it: while its server is killed and comes back, and from where an earlier one ended.</summary>
public sealed class TailCommandTests : IDisposable
{
    private const int Some = 20;

    private readonly ScratchDirectory _scratch = new();
    private readonly List<string> _made = [];

    [Fact]
    public async Task Tail_AcrossAKillAndFromItsCursor_ShowsEveryEventInOrder()
    {
        await using var cluster = await ServerCluster.StartAsync(new ServerClusterOptions
        {
            Program = Repository.Server,
            Directory = _scratch.At("cluster"),
            Setup = "embedded",
            Settings = new Dictionary<string, string> { ["CONTROLZERO__FRESHNESS__BOUND"] = "5m" },
        });
        var environment = new Dictionary<string, string>
        {
            ["CONTROLZERO_URL"] = cluster.All[0].Url,
            ["CONTROLZERO_API_KEY"] = cluster.AdminKey,
            ["no_proxy"] = "127.0.0.1",
        };
        await using var tail = ChildProcess.Start(Repository.Cli, ["audit", "tail", "--agent", "bot", "--output", "json"], environment);

        // From when it listens, which its first line says.
        await Until.TrueAsync(
            async () =>
            {
                await AskAsync(cluster, 1);
                return Shown(tail.Output).Count > 0;
            },
            "the tail showed an event");
        await AskAsync(cluster, Some);
        await UntilShownAsync(tail);

        await cluster.All[0].KillAsync();
        await cluster.All[0].StartAsync();
        await AskAsync(cluster, Some);
        await UntilShownAsync(tail);
        var ended = (await tail.TerminateAsync()).With(exitCode: 0);

        var shown = Shown(ended.Output).Distinct().ToList();
        Assert.Equal(_made[_made.IndexOf(shown[0])..], shown);

        // While nobody listens; then some of what a single message may bring, and the rest: an event may come again, none is passed over.
        await AskAsync(cluster, Some);
        string[] goOn = ["audit", "tail", "--agent", "bot", "--output", "json", "--cursor"];
        var few = (await ChildProcess.RunAsync(Repository.Cli, [.. goOn, Cursor(ended), "--count", "7"], environment)).With(exitCode: 0);
        await using var rest = ChildProcess.Start(Repository.Cli, [.. goOn, Cursor(few)], environment);
        await UntilShownAsync(rest);

        Assert.Equal(_made[^Some..^(Some - 7)], Shown(few.Output));
        Assert.Equal(_made[^Some..], Shown(few.Output).Concat(Shown(rest.Output)).Distinct());
    }

    public void Dispose() => _scratch.Dispose();

    private async Task AskAsync(ServerCluster cluster, int count)
    {
        using var client = new ControlZeroClient(new ControlZeroClientOptions { Url = cluster.All[0].Url, ApiKey = cluster.AdminKey, Timeout = TimeSpan.FromSeconds(60) });
        for (var number = 0; number < count; number++)
        {
            _made.Add((await client.Enforcement.EnforceAsync(new EnforceRequest { AgentId = "bot", Action = "llm.generate", Resource = "model/a" })).DecisionId);
        }
    }

    private Task UntilShownAsync(ChildProcess tail) => Until.TrueAsync(() => Task.FromResult(Shown(tail.Output).Contains(_made[^1])), "the tail showed the last event");

    private static List<string> Shown(string output) =>
        [.. output[..(output.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("decision_id").GetString()!)];

    private static string Cursor(Ended ended) => ended.Error.Split("--cursor ")[^1].Trim();
}
