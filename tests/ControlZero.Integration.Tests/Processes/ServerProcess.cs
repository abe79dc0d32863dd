using ControlZero.Client;

namespace ControlZero.Integration.Tests.Processes;

/// <summary>A server that serves, in a process of its own, on free ports.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const string GrpcLine = "  gRPC    ";
    private readonly ChildProcess _process;
    private readonly List<ControlZeroClient> _clients = [];

    private ServerProcess(ChildProcess process, string data, string url)
    {
        _process = process;
        Data = data;
        Url = url;
    }

    /// <summary>Its directory.</summary>
    public string Data { get; }

    /// <summary>Where gRPC listens, as a URL.</summary>
    public string Url { get; }

    /// <summary>The first key of the directory.</summary>
    public string AdminKey => File.ReadAllText(Path.Combine(Data, "admin.key")).Trim();

    /// <summary>What it wrote to stdout so far.</summary>
    public string Output => _process.Output;

    /// <summary>What it wrote to stderr so far.</summary>
    public string Error => _process.Error;

    /// <summary>The arguments that make a server use this directory and free ports.</summary>
    public static string[] Arguments(string data) => ["--data", data, "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"];

    /// <summary>Starts a server and waits until it serves. Agents of a new directory need not be registered.</summary>
    public static async Task<ServerProcess> StartAsync(string data)
    {
        var process = ChildProcess.Start(Repository.Server, [.. Arguments(data), "--unknown-agents", "allow"]);
        var line = await process.WaitForLineAsync(GrpcLine);
        return new ServerProcess(process, data, line[GrpcLine.Length..]);
    }

    /// <summary>Starts <c>quickstart</c>, which serves on after its table, and waits until it does.</summary>
    public static async Task<ServerProcess> StartQuickstartAsync(string data)
    {
        var process = ChildProcess.Start(Repository.Server, ["quickstart", .. Arguments(data)]);
        await process.WaitForLineAsync("serving");
        var asked = await process.WaitForLineAsync("agent  ");
        return new ServerProcess(process, data, asked[asked.IndexOf("http://", StringComparison.Ordinal)..].TrimEnd());
    }

    /// <summary>A client with that key, or with the first one. It makes one attempt, and no wait of a test hangs on it.</summary>
    public ControlZeroClient Connect(string? key = null)
    {
        var client = new ControlZeroClient(new ControlZeroClientOptions
        {
            Url = Url,
            ApiKey = key ?? AdminKey,
            Timeout = TimeSpan.FromSeconds(60),
            MaxAttempts = 1,
        });
        _clients.Add(client);
        return client;
    }

    /// <summary>What a client program finds in its environment.</summary>
    public Dictionary<string, string> Environment(string agent, string? key = null) => new()
    {
        ["CONTROLZERO_URL"] = Url,
        ["CONTROLZERO_API_KEY"] = key ?? AdminKey,
        ["CONTROLZERO_AGENT_ID"] = agent,
        ["no_proxy"] = "127.0.0.1",
    };

    /// <summary>Stops it as a supervisor does, with SIGTERM, and waits until it has ended.</summary>
    public Task<Ended> StopAsync() => _process.TerminateAsync();

    /// <summary>kill -9, without waiting.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Waits until it has ended.</summary>
    public Task<Ended> WaitForEndAsync() => _process.WaitForEndAsync();

    public ValueTask DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        return _process.DisposeAsync();
    }
}
