using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ControlZero.Chaos.Faults;
using ControlZero.Chaos.Reports;
using ControlZero.Chaos.Rounds;
using ControlZero.Chaos.Scale;
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
        Description = "about how long faults are injected; 510 has room for all of them in every phase, storage gone for a minute",
        DefaultValueFactory = _ => 510,
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

    private static readonly Option<int> Rounds = new("--rounds") { Description = "how often a server is paused", DefaultValueFactory = _ => 50 };

    private static readonly Option<int> Agents = new("--agents") { Description = "how many agents", DefaultValueFactory = _ => 100_000 };

    private static readonly Option<bool> Json = new("--json") { Description = "print JSON instead of Markdown" };

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, IncludeFields = true };

    public static RootCommand Build()
    {
        var root = new RootCommand("Injects faults into real servers under load, keeps a record of every call, and holds it against the promises.")
        {
            Server, OtherServer, Setup, Seed, Seconds, Faults, Folder, PrivateNetwork, ServerBound, Json,
        };
        root.SetAction(RunAsync);
        var rounds = new Command("rounds", "pauses the server that owns an agent, suspends the agent, lets the server go on: how late is the latest allow")
        {
            Server, Setup, Seed, Rounds, Folder, PrivateNetwork, Json,
        };
        rounds.SetAction((line, stop) => RunAsync(line, Rounds, 1_000, async (options, count) =>
        {
            var report = await new PauseRounds(options, count, Console.Error).RunAsync(stop);
            return (line.GetValue(Json) ? JsonSerializer.Serialize(report, Indented) : report.Write(), report.Violations.Count > 0 || report.Rounds < count);
        }));
        root.Subcommands.Add(rounds);
        var scale = new Command("scale", "many agents on three servers: balance, memory, restart, what a question at the wrong server costs")
        {
            Server, Setup, Seed, Agents, Folder, PrivateNetwork, Json,
        };
        scale.SetAction((line, stop) => RunAsync(line, Agents, 2_000_000, async (options, count) =>
        {
            var report = await new ScaleRun(options, count, Console.Error).RunAsync(stop);
            return (line.GetValue(Json) ? JsonSerializer.Serialize(report, Indented) : report.Write(), false);
        }));
        root.Subcommands.Add(scale);
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

        return await PrintAsync(async () =>
        {
            var report = await ChaosReport.ReadAsync(path, path, []);
            return (MarkdownReport.Write(report), report.HasFailed);
        });
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

        var options = OptionsOf(line) with
        {
            OtherServer = line.GetValue(OtherServer) is { Length: > 0 } other ? Path.GetFullPath(other) : "",
            Time = TimeSpan.FromSeconds(line.GetValue(Seconds)),
            Faults = faults,
            NotRun = notRun,
            ServerBound = line.GetValue(ServerBound),
        };
        return await RunAsync(options, line.GetValue(Json), cancellationToken);
    }

    private static Task<int> RunAsync(ChaosOptions options, bool json, CancellationToken cancellationToken) => PrintAsync(async () =>
    {
        var report = await new ChaosRun(options, Console.Error).RunAsync(cancellationToken);
        return (json ? JsonSerializer.Serialize(report, Indented) : MarkdownReport.Write(report), report.HasFailed);
    });

    // A command on three servers, with a count.
    private static async Task<int> RunAsync(ParseResult line, Option<int> count, int most, Func<ChaosOptions, int, Task<(string Text, bool Failed)>> run)
    {
        if (line.GetValue(Setup) is not ("azure" or "postgres"))
        {
            return await RefuseAsync($"--setup `{line.GetValue(Setup)}` has no three servers; take azure or postgres");
        }

        return line.GetValue(count) < 1 || line.GetValue(count) > most
            ? await RefuseAsync($"{count.Name} `{line.GetValue(count)}` is out of bounds; take 1 to {most}")
            : await PrintAsync(() => run(OptionsOf(line), line.GetValue(count)));
    }

    private static ChaosOptions OptionsOf(ParseResult line)
    {
        var (command, setup, seed) = (line.CommandResult.Command.Name, line.GetValue(Setup)!, line.GetValue(Seed));
        var kind = line.CommandResult.Command is RootCommand ? "" : $"{command}-";
        var folder = line.GetValue(Folder) is { Length: > 0 } named
            ? named
            : string.Create(CultureInfo.InvariantCulture, $"artifacts/chaos/{kind}{setup}-{seed}-{Environment.ProcessId}");
        return new ChaosOptions
        {
            Server = Path.GetFullPath(line.GetValue(Server)!),
            Setup = setup,
            Seed = seed,
            Folder = Path.GetFullPath(folder),
            PrivateNetwork = line.GetValue(PrivateNetwork) && setup != "embedded",
        };
    }

    private static async Task<int> PrintAsync(Func<Task<(string Text, bool Failed)>> run)
    {
        try
        {
            var (text, failed) = await run();
            await Console.Out.WriteLineAsync(text);
            return failed ? Violated : 0;
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
                "rolling" or "storage" or "partition" or "isolate" or "door" or "upgrade" when setup == "embedded" => "an embedded server is alone and has its storage in itself",
                "partition" or "isolate" or "door" when !isPrivate => "network namespaces cannot be made here: that needs root, `unshare`, `nsenter` and `ip`",
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
