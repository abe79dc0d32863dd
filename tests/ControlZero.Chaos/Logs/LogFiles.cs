using System.Diagnostics;
using System.Text.Json;
using ControlZero.Servers.Audit;
using ControlZero.Servers.Cluster;

namespace ControlZero.Chaos.Logs;

/// <summary>The audit log of a run's servers, as files beside its record: in each server's directory, or what was in the container they shared.</summary>
/// <param name="folder">The run's folder.</param>
internal sealed class LogFiles(string folder)
{
    private const string Container = "audit";
    private const int Findings = 4;

    /// <summary>What servers are told that are to keep their log in one container.</summary>
    public static IReadOnlyDictionary<string, string> SettingsOfShared { get; } = new Dictionary<string, string>
    {
        ["CONTROLZERO__AUDIT__SINK"] = "azure",
        ["CONTROLZERO__AUDIT__AZURE__CONTAINER"] = Container,
    };

    /// <summary>Directories that hold a log, or the servers' part of one.</summary>
    public IReadOnlyList<string> Roots { get; } = Directory.Exists(Shared(folder))
        ? [Shared(folder)]
        : [.. Directory.GetDirectories(folder, "server-*").Where(data => Directory.Exists(Path.Combine(data, "audit"))).Order(StringComparer.Ordinal)];

    /// <summary>Whether the servers kept it in one place, where all could read it.</summary>
    public bool IsShared { get; } = Directory.Exists(Shared(folder));

    // The build output of the same configuration as this program's.
    private static string Cz
    {
        get
        {
            var here = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
            return Path.Combine(here.Parent!.Parent!.FullName, "ControlZero.Cli", here.Name, "cz");
        }
    }

    /// <summary>Brings the container's content into the run's folder, when all servers have stopped.</summary>
    public static Task DownloadAsync(ServerCluster cluster, CancellationToken cancellationToken) => LogContainer.DownloadAsync(
        cluster.Store.Settings["CONTROLZERO__AZURE__CONNECTION"], Container, Shared(cluster.Options.Directory), cancellationToken);

    /// <summary>All events, by a reader that has none of the product's code.</summary>
    public IReadOnlyList<LoggedEvent> Read() => LoggedEvents.Read(Roots);

    /// <summary>What <c>cz audit verify</c> of this build finds, a sentence each.</summary>
    public async Task<IReadOnlyList<string>> VerifyAsync()
    {
        var found = new List<string>();
        foreach (var root in Roots)
        {
            var start = new ProcessStartInfo(Cz, ["audit", "verify", root, "--output", "json"]) { RedirectStandardOutput = true, RedirectStandardError = true };
            using var process = Process.Start(start) ?? throw new ChaosException($"`{Cz}` did not start");
            var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync();
            found.AddRange(process.ExitCode switch
            {
                0 => [],
                Findings => FindingsOf(root, said[0]),
                var code => throw new ChaosException($"`cz audit verify {root}` ended with {code}: {said[1]}"),
            });
        }

        return found;
    }

    private static IEnumerable<string> FindingsOf(string root, string report)
    {
        using var json = JsonDocument.Parse(report);
        return [.. json.RootElement.GetProperty("findings").EnumerateArray().Select(finding => $"{Path.GetFileName(root)}: {finding.GetRawText()}")];
    }

    private static string Shared(string folder) => Path.Combine(folder, "container");
}
