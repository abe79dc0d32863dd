using System.Collections.Concurrent;
using ControlZero.Client;
using ControlZero.Servers.Cluster;

namespace ControlZero.Chaos.Load;

/// <summary>A tenant of the run: its agents, its key, and clients that ask one server each or all of them.</summary>
internal sealed class ChaosTenant : IDisposable
{
    private readonly ServerCluster _cluster;
    private long _epoch;

    public ChaosTenant(string id, bool allowStale, int agents, string key, ServerCluster cluster)
    {
        Id = id;
        AllowStale = allowStale;
        Agents = [.. Enumerable.Range(0, agents).Select(number => $"agent-{number:D2}")];
        _cluster = cluster;
        Own = Connect("", key);
    }

    public string Id { get; }

    public bool AllowStale { get; }

    public IReadOnlyList<string> Agents { get; }

    /// <summary>Its own key, which is never revoked.</summary>
    public KeyClients Own { get; }

    /// <summary>Clients with its own key, one a server; one attempt.</summary>
    public IReadOnlyList<ControlZeroClient> Direct => Own.Direct;

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

    /// <summary>Clients with another key of it.</summary>
    public KeyClients Connect(string id, string key) => new(id, key, _cluster);

    public void Dispose() => Own.Dispose();
}
