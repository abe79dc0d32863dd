using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace ControlZero.Storage.Tests.Azure;

/// <summary>A real Azurite on free loopback ports, started once for all tests that use it. It ends with its standard input, so with us.</summary>
public sealed partial class AzuriteFixture : IAsyncLifetime, IDisposable
{
    // Azurite's published development account: every installation has it, so it is no secret.
    private const string Account = "devstoreaccount1";
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(3);

    private readonly Process _process = new() { StartInfo = StartInfo() };
    private readonly StringBuilder _said = new();
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>For both clients.</summary>
    public string ConnectionString { get; private set; } = "";

    public async Task InitializeAsync()
    {
        var ports = new Dictionary<string, string>();
        _process.OutputDataReceived += (_, line) => Hear(line.Data, ports);
        _process.ErrorDataReceived += (_, line) => Hear(line.Data, ports);
        _process.Exited += (_, _) => _listening.TrySetException(new InvalidOperationException("Azurite ended before it listened"));
        _process.EnableRaisingEvents = true;
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        try
        {
            await _listening.Task.WaitAsync(StartPatience, TimeProvider.System);
        }
        catch (Exception failure)
        {
            lock (_said)
            {
                throw new InvalidOperationException(
                    $"Azurite does not start; `npm ci` in tests/azurite installs it, which tests/run does. It said: {_said}", failure);
            }
        }

        ConnectionString = $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};"
            + $"BlobEndpoint=http://127.0.0.1:{ports["Blob"]}/{Account};TableEndpoint=http://127.0.0.1:{ports["Table"]}/{Account}";
    }

    public Task DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        return _process.WaitForExitAsync();
    }

    public void Dispose() => _process.Dispose();

    private static ProcessStartInfo StartInfo()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "ControlZero.Cluster.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException($"no ControlZero.Cluster.sln above {AppContext.BaseDirectory}");
        }

        return new ProcessStartInfo("node", "serve.mjs")
        {
            WorkingDirectory = Path.Combine(folder.FullName, "tests", "azurite"),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
    }

    private void Hear(string? line, Dictionary<string, string> ports)
    {
        lock (_said)
        {
            _said.AppendLine(line);
            if (Listening().Match(line ?? "") is { Success: true } match)
            {
                ports[match.Groups["service"].Value] = match.Groups["port"].Value;
                if (ports.ContainsKey("Blob") && ports.ContainsKey("Table"))
                {
                    _listening.TrySetResult();
                }
            }
        }
    }

    [GeneratedRegex(@"Azurite (?<service>\w+) service is successfully listening at http://127\.0\.0\.1:(?<port>\d+)")]
    private static partial Regex Listening();
}

/// <summary>The tests that share one Azurite. Each has tables and containers of its own.</summary>
[CollectionDefinition(Name)]
public sealed class AzuriteCollection : ICollectionFixture<AzuriteFixture>
{
    public const string Name = "azurite";
}
