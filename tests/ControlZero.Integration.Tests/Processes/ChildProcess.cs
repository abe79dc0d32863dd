using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace ControlZero.Integration.Tests.Processes;

/// <summary>A program started by a test: its output is kept, its life is bounded, and it never outlives the test.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    // A hung program fails its test instead of the run. Far above what any of them takes on a busy machine.
    private static readonly TimeSpan Bound = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly CapturedText _output = new();
    private readonly CapturedText _error = new();
    private readonly Task _reading;
    private readonly string _commandLine;

    private ChildProcess(Process process, string commandLine)
    {
        _process = process;
        _commandLine = commandLine;
        _reading = Task.WhenAll(_output.ReadAsync(process.StandardOutput), _error.ReadAsync(process.StandardError));
    }

    /// <summary>What it wrote to stdout so far.</summary>
    public string Output => _output.Text;

    /// <summary>What it wrote to stderr so far.</summary>
    public string Error => _error.Text;

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>Memory it holds now. Unit: bytes.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Starts a program. Its environment is this one's without anything that would configure a client, and with what is given.</summary>
    public static ChildProcess Start(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string>? environment = null,
        string? directory = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = directory ?? Path.GetTempPath(),
        };
        foreach (var name in start.Environment.Keys.Where(IsClientSetting).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var commandLine = $"{program} {string.Join(' ', start.ArgumentList)}";
        try
        {
            var process = Process.Start(start)!;
            process.StandardInput.Close();
            return new ChildProcess(process, commandLine);
        }
        catch (Win32Exception failure)
        {
            throw new InvalidOperationException($"`{commandLine}` cannot be started: {failure.Message}", failure);
        }
    }

    /// <summary>Runs a program to its end.</summary>
    public static async Task<Ended> RunAsync(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string>? environment = null,
        string? directory = null)
    {
        await using var process = Start(program, arguments, environment, directory);
        return await process.WaitForEndAsync();
    }

    /// <summary>Waits until stdout holds such a line and returns it.</summary>
    public async Task<string> WaitForLineAsync(string start)
    {
        var line = _output.WaitForLineAsync(start);
        using var bound = new CancellationTokenSource(Bound);
        try
        {
            return await line.WaitAsync(bound.Token);
        }
        catch (OperationCanceledException)
        {
            throw Failure($"wrote no line that begins with `{start}` within {Bound.TotalMinutes} min");
        }
        catch (EndOfStreamException)
        {
            await WaitForEndAsync();
            throw Failure($"ended before it wrote a line that begins with `{start}`");
        }
    }

    /// <summary>Waits until it has ended and all it wrote was read.</summary>
    public async Task<Ended> WaitForEndAsync()
    {
        using var bound = new CancellationTokenSource(Bound);
        try
        {
            await _process.WaitForExitAsync(bound.Token);
            await _reading.WaitAsync(bound.Token);
        }
        catch (OperationCanceledException)
        {
            throw Failure($"did not end within {Bound.TotalMinutes} min");
        }

        return new Ended(_process.ExitCode, Output, Error, Describe());
    }

    /// <summary>Asks it to end (SIGTERM) and waits until it has.</summary>
    public async Task<Ended> TerminateAsync()
    {
        await AskToEndAsync();
        return await WaitForEndAsync();
    }

    /// <summary>Asks it to end (SIGTERM).</summary>
    public Task AskToEndAsync() => SignalAsync("TERM");

    /// <summary>Sends it a signal by name, <c>STOP</c>.</summary>
    public async Task SignalAsync(string signal)
    {
        var asked = await RunAsync("kill", [$"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        Assert.True(asked.ExitCode == 0, asked.Report);
    }

    /// <summary>Kills it where it stands (SIGKILL), without waiting.</summary>
    public void Kill() => _process.Kill();

    /// <summary>The command line, the exit code if there is one, and all it wrote: what a failing test shows.</summary>
    public string Describe() =>
        $"{_commandLine}\n--- {(_process.HasExited ? $"exit code {_process.ExitCode}" : "still running")}\n--- stdout\n{Output}\n--- stderr\n{Error}";

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await WaitForEndAsync();
        }

        _process.Dispose();
    }

    private static bool IsClientSetting(string name) => name.StartsWith("CONTROLZERO_", StringComparison.OrdinalIgnoreCase);

    private InvalidOperationException Failure(string what) => new($"the program {what}: {Describe()}");
}

/// <summary>A program that has ended.</summary>
/// <param name="ExitCode">Its exit code; 128 and the signal when a signal ended it.</param>
/// <param name="Output">What it wrote to stdout.</param>
/// <param name="Error">What it wrote to stderr.</param>
/// <param name="Report">All of it, for the message of a failing test.</param>
internal sealed record Ended(int ExitCode, string Output, string Error, string Report)
{
    /// <summary>The lines of stdout.</summary>
    public IReadOnlyList<string> Lines => Output.TrimEnd('\n').Split('\n');

    /// <summary>
    /// What it wrote to stderr, without the remarks of frameworks that something took long: those tell of a busy machine and not of the program.
    /// </summary>
    public string Complaints => string.Concat(Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !IsRemarkOnSpeed(line)).Select(line => $"{line}\n"));

    /// <summary>This very end, when the exit code is the wanted one; else the test fails and shows what the program wrote.</summary>
    public Ended With(int exitCode)
    {
        Assert.True(exitCode == ExitCode, $"wanted exit code {exitCode}: {Report}");
        return this;
    }

    private static bool IsRemarkOnSpeed(string line) =>
        line.StartsWith("warn: Orleans.Runtime.", StringComparison.Ordinal)
        || (line.StartsWith("warn: Microsoft.AspNetCore.Server.Kestrel", StringComparison.Ordinal) && line.Contains("heartbeat", StringComparison.Ordinal));
}
