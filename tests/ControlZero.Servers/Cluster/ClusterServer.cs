using System.Diagnostics;
using System.Globalization;

namespace ControlZero.Servers.Cluster;

/// <summary>
/// One server of a cluster as a process: started, killed, paused, told to stop and started again, at the same addresses on the same data.
/// It ends with this process, however that ends. What it writes is added to <see cref="Log"/>.
/// </summary>
public sealed class ClusterServer : IAsyncDisposable
{
    private const string GrpcLine = "  gRPC    ";
    private const string HealthLine = "  health  ";

    // Far above what a start takes on a busy machine.
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);

    private readonly ServerCluster _cluster;
    private Process? _wrapper;
    private Task<int> _end = Task.FromResult(0);

    internal ClusterServer(ServerCluster cluster, int number)
    {
        _cluster = cluster;
        Number = number;
        Program = cluster.Options.Program;
        Data = Path.Combine(cluster.Options.Directory, $"server-{number}");
        Log = Path.Combine(cluster.Options.Directory, $"server-{number}.log");
    }

    /// <summary>Its number in the cluster, from 1.</summary>
    public int Number { get; }

    /// <summary>The program that its next start runs.</summary>
    public string Program { get; set; }

    /// <summary>Its directory.</summary>
    public string Data { get; }

    /// <summary>The file with all it wrote, of all its lives.</summary>
    public string Log { get; }

    /// <summary>Where gRPC listens, as a URL.</summary>
    public string Url { get; private set; } = "";

    /// <summary>Where HTTP listens, as a URL.</summary>
    public string Http { get; private set; } = "";

    /// <summary>The process of its present or last life.</summary>
    public int ProcessId { get; private set; }

    /// <summary>True from a start that was asked for to the end of the process.</summary>
    public bool IsRunning => !_end.IsCompleted;

    /// <summary>Ends with the process; its exit code, 128 and the signal when a signal ended it.</summary>
    public Task<int> End => _end;

    /// <summary>True while the process stands still, as the system says.</summary>
    public bool IsPaused =>
        IsRunning && File.ReadLines($"/proc/{ProcessId}/status").Any(line => line.StartsWith("State:\tT", StringComparison.Ordinal));

    /// <summary>Starts it, and returns when it serves.</summary>
    /// <exception cref="InvalidOperationException">It runs, or ended before it served; the message has the end of its log.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (IsRunning)
        {
            throw new InvalidOperationException($"server {Number} runs");
        }

        var wrapper = Process.Start(StartInfo()) ?? throw new InvalidOperationException("`/bin/sh` did not start");
        _wrapper = wrapper;
        var serves = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _end = WatchAsync(wrapper, serves);
        try
        {
            await serves.Task.WaitAsync(StartLimit, TimeProvider.System, cancellationToken);
        }
        catch (Exception failure) when (failure is TimeoutException or EndOfStreamException)
        {
            throw new InvalidOperationException($"server {Number} did not come to serve ({failure.Message}); {Log} ends with:\n{Tail()}", failure);
        }
    }

    /// <summary>kill -9, and returns when the process is gone.</summary>
    public async Task KillAsync()
    {
        Signals.Send(ProcessId, Signals.Kill);
        await _end;
    }

    /// <summary>Asks it to stop (SIGTERM), and returns its exit code.</summary>
    public Task<int> StopAsync()
    {
        Signals.Send(ProcessId, Signals.Terminate);
        return _end;
    }

    /// <summary>Pauses the process where it stands (SIGSTOP).</summary>
    public void Pause() => Signals.Send(ProcessId, Signals.Stop);

    /// <summary>Lets a paused process go on (SIGCONT).</summary>
    public void Continue() => Signals.Send(ProcessId, Signals.Continue);

    /// <summary>The last lines of its log.</summary>
    public string Tail() => File.Exists(Log) ? string.Join('\n', File.ReadLines(Log).TakeLast(30)) : "(nothing)";

    /// <summary>Kills it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (IsRunning)
        {
            await KillAsync();
        }
    }

    private ProcessStartInfo StartInfo()
    {
        string[] command =
        [
            .. _cluster.Network.Enter(Number), "/bin/sh", Path.Combine(AppContext.BaseDirectory, "run-bound"), Program, .. _cluster.ArgumentsOf(this),
        ];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _cluster.Options.Directory,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("CONTROLZERO_", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in _cluster.SettingsOf(this))
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private async Task<int> WatchAsync(Process wrapper, TaskCompletionSource serves)
    {
        await using var log = new StreamWriter(Log, append: true) { AutoFlush = true };
        var gate = new SemaphoreSlim(1);
        await Task.WhenAll(CopyAsync(wrapper.StandardOutput), CopyAsync(wrapper.StandardError));
        await wrapper.WaitForExitAsync();
        var code = wrapper.ExitCode;
        await log.WriteLineAsync($"-- ended with {code}");
        wrapper.Dispose();
        serves.TrySetException(new EndOfStreamException($"it ended with {code}"));
        return code;

        async Task CopyAsync(StreamReader from)
        {
            while (await from.ReadLineAsync() is { } line)
            {
                await gate.WaitAsync();
                await log.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {line}"));
                gate.Release();
                Hear(line, serves);
            }
        }
    }

    private void Hear(string line, TaskCompletionSource serves)
    {
        if (line.StartsWith("pid ", StringComparison.Ordinal))
        {
            ProcessId = int.Parse(line["pid ".Length..], CultureInfo.InvariantCulture);
        }
        else if (line.StartsWith(GrpcLine, StringComparison.Ordinal))
        {
            Url = line[GrpcLine.Length..];
        }
        else if (line.StartsWith(HealthLine, StringComparison.Ordinal))
        {
            Http = line[HealthLine.Length..^"/health/ready".Length];
            serves.TrySetResult();
        }
    }
}
