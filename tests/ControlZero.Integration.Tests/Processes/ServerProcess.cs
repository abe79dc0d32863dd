using ControlZero.Client;

namespace ControlZero.Integration.Tests.Processes;

/// <summary>A server that serves, in a process of its own, on free ports.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const string GrpcLine = "  gRPC    ";
    private const string HealthLine = "  health  ";
    private readonly ChildProcess _process;
    private readonly List<ControlZeroClient> _clients = [];

    private ServerProcess(ChildProcess process, string data, string url, string http = "")
    {
        _process = process;
        Data = data;
        Url = url;
        Http = http;
    }

    /// <summary>Its directory.</summary>
    public string Data { get; }

    /// <summary>Where gRPC listens, as a URL.</summary>
    public string Url { get; }

    /// <summary>Where HTTP listens, as a URL. Empty: the quickstart does not say.</summary>
    public string Http { get; }

    /// <summary>The first key of the directory.</summary>
    public string AdminKey => File.ReadAllText(Path.Combine(Data, "admin.key")).Trim();

    /// <summary>Memory it holds now. Unit: bytes.</summary>
    public long ResidentBytes => _process.ResidentBytes;

    /// <summary>What it wrote to stdout so far.</summary>
    public string Output => _process.Output;

    /// <summary>What it wrote to stderr so far.</summary>
    public string Error => _process.Error;

    /// <summary>
    /// The arguments that make a server use this directory and free ports, and not deny when the machine is too busy to let it read for
    /// two seconds.
    /// </summary>
    public static string[] Arguments(string data) =>
        ["--data", data, "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--freshness-bound", "5m"];

    /// <summary>Starts a server and waits until it serves. Agents of a new directory need not be registered.</summary>
    /// <param name="data">Its directory.</param>
    /// <param name="environment">Variables to add. Null: none.</param>
    /// <param name="arguments">More options; one that <see cref="Arguments"/> gives too is given by these alone.</param>
    public static async Task<ServerProcess> StartAsync(
        string data,
        IReadOnlyDictionary<string, string>? environment = null,
        params string[] arguments)
    {
        var own = Arguments(data).Chunk(2).Where(option => !arguments.Contains(option[0])).SelectMany(option => option);
        var process = ChildProcess.Start(Repository.Server, [.. own, "--unknown-agents", "allow", .. arguments], environment);
        var line = await process.WaitForLineAsync(GrpcLine);
        var health = await process.WaitForLineAsync(HealthLine);
        return new ServerProcess(process, data, line[GrpcLine.Length..], health[HealthLine.Length..^"/health/ready".Length]);
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

    /// <summary>Its metrics.</summary>
    public async Task<Scrape> ScrapeAsync()
    {
        using var client = new HttpClient();
        return new Scrape(await client.GetStringAsync(new Uri($"{Http}/metrics")));
    }

    /// <summary>Asks it to end, as a supervisor does, without waiting.</summary>
    public Task SignalAsync() => _process.AskToEndAsync();

    /// <summary>Stops it as a supervisor does, with SIGTERM, and waits until it has ended.</summary>
    public Task<Ended> StopAsync() => _process.TerminateAsync();

    /// <summary>Pauses it where it stands (SIGSTOP).</summary>
    public Task PauseAsync() => _process.SignalAsync("STOP");

    /// <summary>Lets it go on (SIGCONT).</summary>
    public Task ContinueAsync() => _process.SignalAsync("CONT");

    /// <summary>What a health page says, and whether with 200.</summary>
    public async Task<(bool Ok, string Text)> HealthAsync(string page)
    {
        using var client = new HttpClient();
        using var answer = await client.GetAsync(new Uri($"{Http}/health/{page}"));
        return (answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

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
