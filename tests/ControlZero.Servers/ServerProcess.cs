using System.Diagnostics;

namespace ControlZero.Servers;

/// <summary>
/// A server that ends with this process, also when this process is killed: the script that runs it reads our end of a pipe, and stops the
/// server and removes its directory when that closes.
/// </summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    // A first start makes a database; on a busy machine that has taken 20 s.
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan StopLimit = TimeSpan.FromMinutes(3);

    private readonly string _script;
    private readonly string _readyWords;
    private readonly IReadOnlyList<string> _enter;
    private Process? _process;

    private ServerProcess(string script, string readyWords, IReadOnlyList<string> enter)
    {
        _script = script;
        _readyWords = readyWords;
        _enter = enter;

        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("the test servers need Linux or macOS");
        }

        // Not the machine's temporary directory, which may be a long path: a socket's may have 107 bytes.
        const UnixFileMode mine = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory = System.IO.Directory.CreateDirectory($"/tmp/cz-{script}-{Path.GetRandomFileName()}", mine).FullName;
    }

    /// <summary>Where its data and its socket are. Removed with it.</summary>
    public string Directory { get; }

    /// <summary>What the script is given besides its directory when it is started the next time.</summary>
    public IReadOnlyList<string> Arguments { get; set; } = [];

    /// <summary>What the server wrote up to the moment it was ready.</summary>
    public IReadOnlyList<string> Said { get; private set; } = [];

    /// <summary>Starts the server of a script, and returns when it has said that it is ready.</summary>
    /// <param name="script">The script's name, beside this assembly.</param>
    /// <param name="readyWords">What the server writes when it is ready.</param>
    /// <param name="cancellationToken">Ends the waiting, and the server.</param>
    /// <param name="arguments">See <see cref="Arguments"/>. Null: none.</param>
    /// <param name="enter">The program, with arguments, that runs the script elsewhere, as in a network namespace. Null: it is run here.</param>
    public static async Task<ServerProcess> StartAsync(
        string script,
        string readyWords,
        CancellationToken cancellationToken,
        IReadOnlyList<string>? arguments = null,
        IReadOnlyList<string>? enter = null)
    {
        var server = new ServerProcess(script, readyWords, enter ?? []) { Arguments = arguments ?? [] };
        await server.RestartAsync(cancellationToken);
        return server;
    }

    /// <summary>Starts it again, on the data it left.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken)
    {
        string[] command = [.. _enter, "/bin/sh", Path.Combine(AppContext.BaseDirectory, _script), Directory, .. Arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        _process = Process.Start(start) ?? throw new InvalidOperationException($"`{_script}` did not start");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StartLimit);
        var said = new List<string>();
        try
        {
            while (await _process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                said.Add(line);
                if (line.Contains(_readyWords, StringComparison.OrdinalIgnoreCase))
                {
                    Said = said;

                    // Nobody reads on, but it shall not be stopped by a full pipe.
                    _ = _process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            said.Add($"not ready after {StartLimit}");
        }

        await DisposeAsync();
        cancellationToken.ThrowIfCancellationRequested();
        throw new InvalidOperationException($"`{_script}` did not become ready:\n{string.Join('\n', said)}");
    }

    /// <summary>Stops it as a crash would, and keeps its data for <see cref="RestartAsync"/>.</summary>
    public async Task StopAsync()
    {
        if (_process is { } process)
        {
            await process.StandardInput.WriteLineAsync("keep");
            await EndAsync(process);
        }
    }

    /// <summary>Stops it and removes its data.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            await EndAsync(process);
        }

        if (System.IO.Directory.Exists(Directory))
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
    }

    private async Task EndAsync(Process process)
    {
        _process = null;
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(StopLimit);
        await process.WaitForExitAsync(limit.Token);
        process.Dispose();
    }
}
