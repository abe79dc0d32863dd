using System.CommandLine;
using System.Text.Json;
using ControlZero.Servers.Cluster;
using Grpc.Core;

namespace ControlZero.Prove;

/// <summary>The command line.</summary>
internal static class ProveCommand
{
    private const int WrongUsage = 2;
    private const int NotMade = 4;

    private static readonly Option<string> Server = new("--server") { Description = "the server's program, built in Release", DefaultValueFactory = _ => "" };

    private static readonly Option<string> Setup = new("--setup") { Description = "embedded, azure (Azurite and Redis) or postgres", DefaultValueFactory = _ => "postgres" };

    private static readonly Option<int> Seed = new("--seed") { Description = "targets and moments of the faults, and what is asked", DefaultValueFactory = _ => 1 };

    private static readonly Option<int> Seconds = new("--seconds") { Description = "how long servers are killed and paused", DefaultValueFactory = _ => 60 };

    private static readonly Option<long> Limit = new("--limit") { Description = "units of either limit", DefaultValueFactory = _ => 10_000 };

    private static readonly Option<bool> Unfenced = new("--unfenced") { Description = "take the storage's compare-and-swap out: the proof must fail" };

    private static readonly Option<string> Folder = new("--folder") { Description = "where data and logs go", DefaultValueFactory = _ => "" };

    private static readonly Option<bool> Json = new("--json") { Description = "print JSON instead of Markdown" };

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static RootCommand Build()
    {
        var unfenced = UnfencedServer.Build();
        unfenced.Hidden = true;
        var root = new RootCommand("Kills and pauses servers while two limits are spent, and counts from outside what was granted.")
        {
            Server, Setup, Seed, Seconds, Limit, Unfenced, Folder, Json, unfenced,
        };
        root.SetAction(RunAsync);
        return root;
    }

    private static async Task<int> RunAsync(ParseResult line, CancellationToken cancellationToken)
    {
        var setup = line.GetValue(Setup)!;
        if (!ClusterStore.Setups.Contains(setup) || line.GetValue(Seconds) is < 5 or > 3_600 || line.GetValue(Limit) is < 100 or > 10_000_000)
        {
            await Console.Error.WriteLineAsync($"prove: --setup is one of {string.Join(", ", ClusterStore.Setups)}; --seconds 5 to 3600; --limit 100 to 10000000");
            return WrongUsage;
        }

        var folder = Path.GetFullPath(line.GetValue(Folder) is { Length: > 0 } named
            ? named
            : $"artifacts/prove/{setup}-{line.GetValue(Seed)}-{Environment.ProcessId}");
        var options = new ProveOptions(
            line.GetValue(Unfenced) ? UnfencedServer.WriteProgram(folder) : Path.GetFullPath(line.GetValue(Server)!),
            setup,
            line.GetValue(Seed),
            TimeSpan.FromSeconds(line.GetValue(Seconds)),
            line.GetValue(Limit),
            folder);
        try
        {
            var report = await new ProveRun(options, Console.Error).RunAsync(cancellationToken);
            await Console.Out.WriteLineAsync(line.GetValue(Json) ? JsonSerializer.Serialize(report, Indented) : report.Write());
            await Console.Error.WriteLineAsync($"data and logs: {folder}");
            return report.Violations.Count == 0 ? 0 : 1;
        }
        catch (Exception failure) when (failure is InvalidOperationException or IOException or RpcException)
        {
            await Console.Error.WriteLineAsync($"prove: {failure.Message}");
            return NotMade;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("prove: stopped");
            return NotMade;
        }
    }
}
