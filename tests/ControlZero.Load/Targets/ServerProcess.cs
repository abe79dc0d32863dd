using System.Diagnostics;
using System.Globalization;
using System.Net;
using ControlZero.Load.Generation;

namespace ControlZero.Load.Targets;

/// <summary>A server in a process of its own, which ends with this one.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    // The unit of /proc/PID/stat on every Linux there is: 1/100 s.
    private const double TicksPerSecond = 100;

    // Linux keeps 15 characters of a thread's name.
    private const string CompilerThread = "(.NET Tiered Com";

    private readonly Process _process;

    private ServerProcess(Process process, IPEndPoint grpc)
    {
        _process = process;
        Grpc = grpc;
    }

    /// <summary>Where it serves gRPC.</summary>
    public IPEndPoint Grpc { get; }

    /// <summary>Starts a program that says on stdout where it serves gRPC.</summary>
    /// <exception cref="LoadException">It did not start.</exception>
    public static async Task<ServerProcess> StartAsync(string program, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardInput = true };
        var process = Process.Start(start) ?? throw new LoadException($"`{program}` did not start");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StartLimit);
        try
        {
            while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                if (line.Split("http://", 2) is [var name, var address] && name.Trim() == "gRPC")
                {
                    _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                    return new ServerProcess(process, IPEndPoint.Parse(address.Trim()));
                }
            }

            throw new LoadException($"`{program}` ended before it served");
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            process.Dispose();
            throw;
        }
    }

    /// <summary>Starts a program that serves gRPC where it is told to.</summary>
    /// <param name="program">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="grpc">Where it serves.</param>
    /// <param name="askAsync">Asks it something, and waits until it is up.</param>
    /// <param name="cancellationToken">Ends it at once.</param>
    public static async Task<ServerProcess> StartAtAsync(
        string program, IEnumerable<string> arguments, IPEndPoint grpc, Func<CancellationToken, Task> askAsync, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        var process = Process.Start(start) ?? throw new LoadException($"`{program}` did not start");
        var started = new ServerProcess(process, grpc);
        _ = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var said = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(StartLimit);
        try
        {
            await askAsync(limit.Token);
            return started;
        }
        catch (Exception failure)
        {
            await started.DisposeAsync();
            throw new LoadException($"`{program}` does not answer: {failure.Message}; it said: {await said}");
        }
    }

    /// <summary>Processor time used so far, by user and kernel.</summary>
    public TimeSpan ReadCpuTime()
    {
        return CpuTimeIn(File.ReadAllText($"/proc/{_process.Id}/stat"));
    }

    /// <summary>Processor time of those threads on which .NET compiles methods anew. Zero of a program in another language.</summary>
    public TimeSpan ReadCompilerTime()
    {
        var sum = TimeSpan.Zero;
        foreach (var thread in Directory.EnumerateDirectories($"/proc/{_process.Id}/task"))
        {
            try
            {
                var stat = File.ReadAllText($"{thread}/stat");
                sum += stat.Contains(CompilerThread, StringComparison.Ordinal) ? CpuTimeIn(stat) : TimeSpan.Zero;
            }
            catch (IOException)
            {
                // It has ended meanwhile.
            }
        }

        return sum;
    }

    /// <summary>Resident memory. Unit: MiB.</summary>
    public double ReadMemory()
    {
        _process.Refresh();
        return _process.WorkingSet64 / 1048576.0;
    }

    private static TimeSpan CpuTimeIn(string stat)
    {
        // The second field is the name in parentheses and may hold anything.
        var fields = stat.Split(')')[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return TimeSpan.FromSeconds((Field(14) + Field(15)) / TicksPerSecond);

        double Field(int number) => double.Parse(fields[number - 3], CultureInfo.InvariantCulture);
    }

    // Its data is thrown away: there is nothing to be stopped in order.
    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
