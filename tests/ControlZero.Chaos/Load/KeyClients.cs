using ControlZero.Client;
using ControlZero.Servers.Cluster;

namespace ControlZero.Chaos.Load;

/// <summary>An API key, and clients with it that ask one server each or all of them.</summary>
internal sealed class KeyClients : IDisposable
{
    // What is asked of one server alone ends early, so that a paused one does not stop the asking.
    private static readonly TimeSpan OneServerTimeout = TimeSpan.FromSeconds(1);

    public KeyClients(string id, string key, ServerCluster cluster)
    {
        Id = id;
        Direct = [.. cluster.All.Select(server => Connect(server.Url, key, OneServerTimeout, attempts: 1))];

        // As a program has it, with the product's own time-out and attempts.
        var standard = new ControlZeroClientOptions();
        var urls = cluster.All.Select(server => server.Url).ToList();
        From = [.. urls.Select((_, first) => Connect(string.Join(',', [.. urls[first..], .. urls[..first]]), key, standard.Timeout, standard.MaxAttempts))];
    }

    /// <summary>Public id of the key, as the record names it. Empty: it is the tenant's own.</summary>
    public string Id { get; }

    /// <summary>One a server; one attempt.</summary>
    public IReadOnlyList<ControlZeroClient> Direct { get; }

    /// <summary>Know all addresses, and each takes those of another server for the first.</summary>
    public IReadOnlyList<ControlZeroClient> From { get; }

    /// <summary>Knows all addresses.</summary>
    public ControlZeroClient Everywhere => From[0];

    public void Dispose()
    {
        foreach (var client in (IEnumerable<ControlZeroClient>)[.. Direct, .. From])
        {
            client.Dispose();
        }
    }

    private static ControlZeroClient Connect(string url, string key, TimeSpan timeout, int attempts) =>
        new(new ControlZeroClientOptions { Url = url, ApiKey = key, Timeout = timeout, MaxAttempts = attempts });
}
