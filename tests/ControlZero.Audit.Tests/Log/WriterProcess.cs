using System.Diagnostics;
using ControlZero.Audit.Ledger;
using ControlZero.Audit.Log;
using ControlZero.Audit.Sinks;
using ControlZero.Audit.Tests.Wal;
using ControlZero.Audit.Wal;

namespace ControlZero.Audit.Tests.Log;

/// <summary>A process that logs events and says the number of each on its output once it is acknowledged, until it is killed.</summary>
internal static class WriterProcess
{
    private const int Callers = 32;

    public static Process Start(string root, string what = "write-until-killed")
    {
        var process = new Process
        {
            StartInfo = new ProcessStartInfo("dotnet", [typeof(WriterProcess).Assembly.Location, what, root]) { RedirectStandardOutput = true },
        };
        process.Start();
        return process;
    }

    public static async Task<int> RunAsync(string root)
    {
        using var keeper = new LedgerKeeper(new LocalLedgerStore(root, TimeProvider.System), null, TimeSpan.FromMilliseconds(20), TimeProvider.System);
        var options = new AuditLogOptions { Silo = "killed", WalDirectory = Path.Combine(root, "wal"), SegmentBytes = 256 << 10 };
        await using var log = AuditLog.Start(options, [new LocalFileSink(root)], keeper, TimeProvider.System);
        await using var acknowledged = Console.OpenStandardOutput();
        var number = 0;
        var turn = new Lock();
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            while (true)
            {
                var mine = Interlocked.Increment(ref number);
                var answer = await log.AppendAsync(Entries.Numbered(mine));
                if (answer.Outcome is not AuditOutcome.Durable)
                {
                    throw new InvalidOperationException(answer.Reason);
                }

                lock (turn)
                {
                    // Unbuffered: a line on the pipe is an answer that has left.
                    acknowledged.Write(System.Text.Encoding.ASCII.GetBytes($"{mine}\n"));
                }
            }
        })));
        return 0;
    }

    /// <summary>Accepts entries in mode <c>buffered</c> over a disk that does not take them, says how many, and waits to be killed.</summary>
    public static async Task<int> HoldAsync(string root)
    {
        var options = new AuditLogOptions { Silo = "killed", WalDirectory = Path.Combine(root, "wal"), Mode = AuditMode.Buffered };
        await using var log = AuditLog.Start(
            options, new HeldDisk(new DiskWalFiles(options.WalDirectory)) { HoldsWrites = true }, [new LocalFileSink(root)], null, TimeProvider.System);
        for (var number = 0; number < 500; number++)
        {
            await log.AppendAsync(Entries.Numbered(number));
        }

        Console.WriteLine("500");
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System);
        return 0;
    }
}
