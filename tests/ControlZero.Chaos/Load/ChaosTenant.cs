using System.Collections.Concurrent;
using ControlZero.Client;
using ControlZero.Servers.Cluster;

namespace ControlZero.Chaos.Load;

/// <summary>A tenant of the run: its agents, its key, and clients that ask one server each or all of them.</summary>
internal sealed class ChaosTenant : IDisposable
{
    // What is asked of one server alone ends early, so that a paused one does not stop the asking.
    private static readonly TimeSpan OneServerTimeout = TimeSpan.FromSeconds(1);

    private long _epoch;

    public ChaosTenant(string id, bool allowStale, int agents, string key, ServerCluster cluster)
    {
        Id = id;
        AllowStale = allowStale;
        Agents = [.. Enumerable.Range(0, agents).Select(number => $"agent-{number:D2}")];
        Direct = [.. cluster.All.Select(server => Connect(server.Url, key, OneServerTimeout, attempts: 1))];

        // As a program has it, with the product's own time-out and attempts.
        var standard = new ControlZeroClientOptions();
        Everywhere = Connect(cluster.Urls, key, standard.Timeout, standard.MaxAttempts);
    }

    public string Id { get; }

    public bool AllowStale { get; }

    public IReadOnlyList<string> Agents { get; }

    /// <summary>One a server; one attempt.</summary>
    public IReadOnlyList<ControlZeroClient> Direct { get; }

    /// <summary>Knows all addresses.</summary>
    public ControlZeroClient Everywhere { get; }

    /// <summary>The newest epoch that a change was acknowledged with.</summary>
    public ulong Epoch => (ulong)Interlocked.Read(ref _epoch);

    /// <summary>The agents that are suspended now.</summary>
    public ConcurrentDictionary<string, bool> Suspended { get; } = new();

    /// <summary>Takes note of an acknowledged change.</summary>
    public void Learn(ulong epoch)
    {
        // One writer a tenant; readers only ever see it grow.
        Interlocked.Exchange(ref _epoch, Math.Max(Interlocked.Read(ref _epoch), (long)epoch));
    }

    public void Dispose()
    {
        Everywhere.Dispose();
        foreach (var client in Direct)
        {
            client.Dispose();
        }
    }

    private static ControlZeroClient Connect(string url, string key, TimeSpan timeout, int attempts) =>
        new(new ControlZeroClientOptions { Url = url, ApiKey = key, Timeout = timeout, MaxAttempts = attempts });
}
