using System.Net;
using Azure.Storage.Blobs;
using ControlZero.Servers;
using ControlZero.Servers.Audit;
using ControlZero.Servers.Network;

namespace ControlZero.Integration.Tests.Audit;

/// <summary>A real Azurite for an audit log alone, with a proxy before it that does harm, and its container as files.</summary>
internal sealed class AuditContainer : IAsyncDisposable
{
    private readonly AzuriteServer _azurite;

    private AuditContainer(AzuriteServer azurite)
    {
        _azurite = azurite;
        var blobs = new BlobServiceClient(azurite.ConnectionString).Uri;
        Proxy = new FaultProxy(new IPEndPoint(IPAddress.Parse(blobs.Host), blobs.Port));
        Settings = new Dictionary<string, string>
        {
            ["CONTROLZERO__AUDIT__SINK"] = "azure",
            ["CONTROLZERO__AUDIT__AZURE__CONNECTION"] = azurite.ConnectionString.Replace($":{blobs.Port}/", $":{Proxy.Address.Port}/", StringComparison.Ordinal),
            ["CONTROLZERO__AUDIT__AZURE__CONTAINER"] = "audit",
        };
    }

    /// <summary>Between servers and the container.</summary>
    public FaultProxy Proxy { get; }

    /// <summary>What servers are given.</summary>
    public Dictionary<string, string> Settings { get; }

    public static async Task<AuditContainer> StartAsync() => new(await AzuriteServer.StartAsync());

    /// <summary>The log as files below a directory, past the proxy.</summary>
    public Task<string> DownloadAsync(string directory) =>
        LogContainer.DownloadAsync(_azurite.ConnectionString, Settings["CONTROLZERO__AUDIT__AZURE__CONTAINER"], directory);

    /// <summary>Names of segments in the container, with whether each has its end line.</summary>
    public async Task<IReadOnlyDictionary<string, bool>> SegmentsAsync()
    {
        var found = new Dictionary<string, bool>();
        var container = new BlobContainerClient(_azurite.ConnectionString, Settings["CONTROLZERO__AUDIT__AZURE__CONTAINER"]);
        await foreach (var blob in container.GetBlobsAsync(new Azure.Storage.Blobs.Models.GetBlobsOptions { Prefix = "audit/" }))
        {
            if (!blob.Name.EndsWith(".jsonl", StringComparison.Ordinal))
            {
                continue;
            }

            var text = (await container.GetBlobClient(blob.Name).DownloadContentAsync()).Value.Content.ToString();
            found[Path.GetFileName(blob.Name)] = text.TrimEnd('\n').Split('\n')[^1].Contains("\"kind\":\"end\"", StringComparison.Ordinal);
        }

        return found;
    }

    /// <summary>Names of the segments that have an index beside them.</summary>
    public async Task<IReadOnlySet<string>> IndexedAsync()
    {
        var container = new BlobContainerClient(_azurite.ConnectionString, Settings["CONTROLZERO__AUDIT__AZURE__CONTAINER"]);
        var names = await container.GetBlobsAsync(new Azure.Storage.Blobs.Models.GetBlobsOptions { Prefix = "audit/" }).Select(blob => blob.Name).ToListAsync();
        return names.Where(name => name.EndsWith(".idx", StringComparison.Ordinal)).Select(name => Path.GetFileName(Path.ChangeExtension(name, ".jsonl"))).ToHashSet();
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await _azurite.DisposeAsync();
    }
}
