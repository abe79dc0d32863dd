using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ControlZero.Chaos.Checking;
using ControlZero.Chaos.Faults;
using ControlZero.Chaos.Records;
using ControlZero.Chaos.Reports;
using ControlZero.Servers.Cluster;
using Grpc.Core;

namespace ControlZero.Chaos;

/// <summary>The command line.</summary>
internal static class ChaosCommand
{
    private const int Violated = 1;
    private const int WrongUsage = 2;
    private const int NotMade = 4;

    private static readonly Argument<string> Record = new("record") { Description = "a record.jsonl that a run has left" };

    private static readonly Option<string> Server = new("--server") { Description = "the server's program, built in Release", Required = true };

    private static readonly Option<string> OtherServer = new("--other-server")
    {
        Description = "another build of it, for the fault `upgrade`", DefaultValueFactory = _ => "",
    };

    private static readonly Option<string> Setup = new("--setup") { Description = "embedded, azure (Azurite and Redis) or postgres", DefaultValueFactory = _ => "postgres" };

    private static readonly Option<int> Seed = new("--seed") { Description = "order, targets and moments of faults, and what is asked", DefaultValueFactory = _ => 1 };

    private static readonly Option<int> Seconds = new("--seconds")
    {
        Description = "about how long faults are injected; 420 has room for all of them in every phase, storage gone for a minute",
        DefaultValueFactory = _ => 420,
    };

    private static readonly Option<string> Faults = new("--faults")
    {
        Description = $"which, with commas: {string.Join(", ", FaultKind.All.Select(kind => kind.Name))}; default: all the set-up has",
        DefaultValueFactory = _ => "",
    };

    private static readonly Option<string> Folder = new("--folder") { Description = "where record, data and logs go", DefaultValueFactory = _ => "" };

    private static readonly Option<bool> PrivateNetwork = new("--private-network")
    {
        Description = "this process is alone in a network namespace, as by `unshare --net`: links can be cut",
    };

    private static readonly Option<string?> ServerBound = new("--server-bound")
    {
        Description = "Freshness:Bound of the servers, to see that the checkers find servers that promise less; default: their own",
    };

    private static readonly Option<bool> Json = new("--json") { Description = "print JSON instead of Markdown" };

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, IncludeFields = true };

    public static RootCommand Build()
    {
        var root = new RootCommand("Injects faults into real servers under load, keeps a record of every call, and holds it against the promises.")
        {
            Server, OtherServer, Setup, Seed, Seconds, Faults, Folder, PrivateNetwork, ServerBound, Json,
        };
        root.SetAction(RunAsync);
        var check = new Command("check", "holds a record against the promises once more") { Record };
        check.SetAction(CheckAsync);
        root.Subcommands.Add(check);
        return root;
    }

    private static async Task<int> CheckAsync(ParseResult line, CancellationToken cancellationToken)
    {
        var path = line.GetValue(Record)!;
        if (!File.Exists(path))
        {
            return await RefuseAsync($"there is no file `{path}`");
        }

        var report = ChaosReport.Of(path, path, [], History.Read(path), Checkers.All(ChaosOptions.Bound, ChaosOptions.Patience));
        await Console.Out.WriteLineAsync(MarkdownReport.Write(report));
        return report.HasFailed ? Violated : 0;
    }

    private static async Task<int> RunAsync(ParseResult line, CancellationToken cancellationToken)
    {
        var setup = line.GetValue(Setup)!;
        if (!ClusterStore.Setups.Contains(setup))
        {
            return await RefuseAsync($"--setup `{setup}` is not known; take one of {string.Join(", ", ClusterStore.Setups)}");
        }

        if (line.GetValue(Seconds) is < 1 or > 14_400)
        {
            return await RefuseAsync($"--seconds `{line.GetValue(Seconds)}` is out of bounds; take 1 to 14400");
        }

        var named = line.GetValue(Faults)!.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (named.FirstOrDefault(name => FaultKind.All.All(kind => kind.Name != name)) is { } unknown)
        {
            return await RefuseAsync($"--faults `{unknown}` is not known; take some of {string.Join(", ", FaultKind.All.Select(kind => kind.Name))}");
        }

        var isPrivate = line.GetValue(PrivateNetwork) && setup != "embedded";
        var (faults, notRun) = Available(setup, named, isPrivate, line.GetValue(OtherServer)!.Length > 0);
        if (faults.Count == 0)
        {
            await Console.Error.WriteLineAsync($"chaos: no fault can be injected: {string.Join("; ", notRun)}");
            return NotMade;
        }

        var seed = line.GetValue(Seed);
        var folder = line.GetValue(Folder)!;
        var options = new ChaosOptions
        {
            Server = Path.GetFullPath(line.GetValue(Server)!),
            OtherServer = line.GetValue(OtherServer) is { Length: > 0 } other ? Path.GetFullPath(other) : "",
            Setup = setup,
            Seed = seed,
            Time = TimeSpan.FromSeconds(line.GetValue(Seconds)),
            Faults = faults,
            NotRun = notRun,
            Folder = Path.GetFullPath(folder.Length > 0 ? folder : string.Create(CultureInfo.InvariantCulture, $"artifacts/chaos/{setup}-{seed}-{Environment.ProcessId}")),
            PrivateNetwork = isPrivate,
            ServerBound = line.GetValue(ServerBound),
        };
        return await RunAsync(options, line.GetValue(Json), cancellationToken);
    }

    private static async Task<int> RunAsync(ChaosOptions options, bool json, CancellationToken cancellationToken)
    {
        try
        {
            var report = await new ChaosRun(options, Console.Error).RunAsync(cancellationToken);
            await Console.Out.WriteLineAsync(json ? JsonSerializer.Serialize(report, Indented) : MarkdownReport.Write(report));
            return report.HasFailed ? Violated : 0;
        }
        catch (Exception failure) when (failure is ChaosException or InvalidOperationException or IOException or RpcException or Client.ControlZeroException)
        {
            await Console.Error.WriteLineAsync($"chaos: {failure.Message}");
            return NotMade;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("chaos: stopped");
            return NotMade;
        }
    }

    // What was named and is not here is said; what nobody named and the set-up does not have is not missing.
    private static (List<FaultKind> Faults, List<string> NotRun) Available(string setup, string[] named, bool isPrivate, bool hasOther)
    {
        var faults = new List<FaultKind>();
        var notRun = new List<string>();
        foreach (var kind in FaultKind.All.Where(kind => named.Length == 0 ? kind != FaultKind.Upgrade : named.Contains(kind.Name)))
        {
            var why = kind.Name switch
            {
                "rolling" or "storage" or "partition" or "upgrade" when setup == "embedded" => "an embedded server is alone and has its storage in itself",
                "partition" when !isPrivate => "network namespaces cannot be made here: that needs root, `unshare`, `nsenter` and `ip`",
                "upgrade" when !hasOther => "there is no other build; name one with --other-server",
                _ => "",
            };
            if (why.Length == 0)
            {
                faults.Add(kind);
            }
            else if (named.Length > 0 || setup != "embedded")
            {
                notRun.Add($"{kind.Name}: {why}");
            }
        }

        return (faults, notRun);
    }

    private static async Task<int> RefuseAsync(string why)
    {
        await Console.Error.WriteLineAsync($"chaos: {why}");
        return WrongUsage;
    }
}
