using System.Globalization;
using System.Text;

namespace ControlZero.Chaos.Scale;

/// <summary>What many agents on three servers came to.</summary>
internal sealed record ScaleReport
{
    public required string Setup { get; init; }

    public required int Agents { get; init; }

    /// <summary>How long the first questions took, which register an agent each.</summary>
    public required TimeSpan Registration { get; init; }

    public required IReadOnlyList<double> AgentsOfServers { get; init; }

    /// <summary>What a server's resident memory grew by, for each agent that came to live there.</summary>
    public required double BytesPerAgent { get; init; }

    public required double LocalPerSecond { get; init; }

    public required double RemotePerSecond { get; init; }

    /// <summary>From the start of a killed server's new process to its readiness.</summary>
    public required TimeSpan Serving { get; init; }

    /// <summary>From the same moment until it had answered about a thousand agents of all servers.</summary>
    public required TimeSpan Answering { get; init; }

    /// <summary>As Markdown.</summary>
    public string Write()
    {
        var text = new StringBuilder();
        var mean = AgentsOfServers.Average();
        Line($"| three servers on {Setup}, {Agents} agents | |");
        text.AppendLine("|---|---|");
        Line($"| agents of each server | {string.Join(" / ", AgentsOfServers.Select(count => count.ToString("0", CultureInfo.InvariantCulture)))} |");
        Line($"| furthest from the mean | {AgentsOfServers.Max(count => Math.Abs(count - mean)) / mean:P1} |");
        Line($"| first question of every agent, 48 in flight | {Registration.TotalSeconds:0.0} s, {Agents / Registration.TotalSeconds:0} a second |");
        Line($"| resident memory an agent | {BytesPerAgent / 1024:0.0} KiB |");
        Line($"| kill -9, new process: serves | after {Serving.TotalSeconds:0.0} s |");
        Line($"| and has answered about 1,000 agents of all servers | after {Answering.TotalSeconds:0.0} s |");
        Line($"| calls a second at the agents' own server / at another | {LocalPerSecond:0} / {RemotePerSecond:0} |");
        Line($"| a question at the wrong server, of one at the right one | {RemotePerSecond / LocalPerSecond:0.00} |");
        return text.ToString();

        void Line(FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
    }
}
