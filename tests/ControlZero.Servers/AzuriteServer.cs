using System.Text.RegularExpressions;
using ControlZero.Servers.Network;

namespace ControlZero.Servers;

/// <summary>A real Azurite of this process's own, its data in a directory, on loopback ports that it keeps over restarts. Ends with this process.</summary>
public sealed partial class AzuriteServer : IAsyncDisposable
{
    // Azurite's published development account: every installation has it, so it is no secret.
    private const string Account = "devstoreaccount1";
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private readonly ServerProcess _process;

    private AzuriteServer(ServerProcess process, string host)
    {
        _process = process;
        var blobs = PortOf("Blob");
        var tables = PortOf("Table");
        process.Arguments = [host, blobs, tables];
        ConnectionString = $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};"
            + $"BlobEndpoint=http://{host}:{blobs}/{Account};TableEndpoint=http://{host}:{tables}/{Account}";
    }

    /// <summary>For blobs and tables.</summary>
    public string ConnectionString { get; }

    /// <summary>Starts one, and returns when it serves.</summary>
    public static Task<AzuriteServer> StartAsync(CancellationToken cancellationToken = default) => StartAsync(null, cancellationToken);

    /// <summary>Starts one in a private network, where others reach it at the storage's address.</summary>
    internal static async Task<AzuriteServer> StartAsync(ServerNetwork? network, CancellationToken cancellationToken)
    {
        var host = network?.StorageAddress ?? "127.0.0.1";
        return new AzuriteServer(
            await ServerProcess.StartAsync(
                "serve-azurite", "Azurite Table service is successfully listening", cancellationToken, [host, "0", "0"], network?.EnterStorage()),
            host);
    }

    /// <summary>
    /// Stops it in order. Azurite writes what it acknowledged every few seconds: a crash would lose some, and show nothing of who trusts it.
    /// </summary>
    public Task StopAsync() => _process.StopAsync();

    /// <summary>Starts it again on its data and its ports, and returns when it serves.</summary>
    public Task RestartAsync(CancellationToken cancellationToken = default) => _process.RestartAsync(cancellationToken);

    /// <summary>Stops it and removes its data.</summary>
    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private string PortOf(string service) =>
        _process.Said.Select(line => Listening().Match(line)).FirstOrDefault(found => found.Success && found.Groups["service"].Value == service)?.Groups["port"].Value
        ?? throw new InvalidOperationException($"Azurite did not say where its {service} service listens:\n{string.Join('\n', _process.Said)}");

    [GeneratedRegex(@"Azurite (?<service>\w+) service is successfully listening at http://[0-9.]+:(?<port>\d+)")]
    private static partial Regex Listening();
}
