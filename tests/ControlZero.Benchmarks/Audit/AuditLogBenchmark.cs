using System.Diagnostics;
using System.Globalization;
using System.Text;
using ControlZero.Abstractions.Tenants;
using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Format.Ledger;
using ControlZero.Audit.Format.Verification;
using ControlZero.Audit.Ledger;
using ControlZero.Audit.Log;
using ControlZero.Audit.Sinks;

namespace ControlZero.Benchmarks.Audit;

/// <summary>Events a second that the audit log makes durable, by the number of callers that wait, and how fast what it wrote is verified.</summary>
internal static class AuditLogBenchmark
{
    private const int BodyBytes = 330;

    private static readonly int[] InFlight = [1, 128, 2048];

    public static async Task<int> RunAsync(TimeSpan each)
    {
        var folder = Directory.CreateTempSubdirectory("cz-audit-benchmark-").FullName;
        try
        {
            Console.WriteLine($"bodies of {BodyBytes} bytes, {each.TotalSeconds:0.#} s each, {Environment.ProcessorCount} processors, below {folder}");
            Console.WriteLine("mode       in flight    events/s   p50 us   p99 us   bytes/event allocated");
            foreach (var (mode, callers) in new[] { AuditMode.Durable, AuditMode.Buffered }.SelectMany(mode => InFlight.Select(callers => (mode, callers))))
            {
                await MeasureAsync(folder, mode, callers, each);
            }

            await VerifyAsync(folder);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task MeasureAsync(string folder, AuditMode mode, int callers, TimeSpan each)
    {
        using var keeper = new LedgerKeeper(new LocalLedgerStore(folder, TimeProvider.System), LedgerKey.Generate(), TimeSpan.FromMinutes(1), TimeProvider.System);
        var options = new AuditLogOptions { Silo = $"{mode}-{callers}", WalDirectory = Path.Combine(folder, "wal"), Mode = mode, CloseTimeout = TimeSpan.FromMinutes(1) };
        var log = AuditLog.Start(options, [new LocalFileSink(folder)], keeper, TimeProvider.System);
        await LoopAsync(log, callers, each / 4);
        var allocated = GC.GetTotalAllocatedBytes();
        var (count, elapsed, latencies) = await LoopAsync(log, callers, each);
        allocated = GC.GetTotalAllocatedBytes() - allocated;
        await log.DisposeAsync();
        Array.Sort(latencies);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{mode,-10} {callers,9} {count / elapsed.TotalSeconds,11:N0} {Quantile(latencies, 0.5),8:N0} {Quantile(latencies, 0.99),8:N0} {allocated / (double)count,8:N0}"));
    }

    private static async Task<(long Count, TimeSpan Elapsed, long[] Latencies)> LoopAsync(AuditLog log, int callers, TimeSpan duration)
    {
        var body = Encoding.UTF8.GetBytes($"{{\"padding\":\"{new string('x', BodyBytes - 14)}\"}}");
        var began = Stopwatch.GetTimestamp();
        var loops = Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            // A sample of the waits is enough, and costs the measured thing nothing.
            var (count, waits, tenant) = (0L, new List<long>(1024), TenantId.Default);
            while (Stopwatch.GetElapsedTime(began) < duration)
            {
                var at = Stopwatch.GetTimestamp();
                var answer = await log.AppendAsync(new AuditEntry(tenant, TimeProvider.System.GetUtcNow(), body));
                if (answer.Outcome is AuditOutcome.Dropped)
                {
                    // No room: a caller that only asks is faster than any writer. What is measured then is the writer.
                    await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
                    continue;
                }

                if (!answer.IsAccepted)
                {
                    throw new InvalidOperationException(answer.Reason);
                }

                if (count++ % 16 == 0)
                {
                    waits.Add((long)Stopwatch.GetElapsedTime(at).TotalMicroseconds);
                }
            }

            return (Count: count, Waits: waits);
        })).ToArray();
        var results = await Task.WhenAll(loops);
        return (results.Sum(result => result.Count), Stopwatch.GetElapsedTime(began), [.. results.SelectMany(result => result.Waits)]);
    }

    private static async Task VerifyAsync(string folder)
    {
        var report = await LogVerifier.VerifyAsync(new LocalArchive(folder), new VerifyOptions(), TimeProvider.System, null, CancellationToken.None);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"verify     {report.Records:N0} records, {report.Bytes / 1e6:N0} MB in {report.Elapsed.TotalSeconds:N1} s: {report.MegabytesPerSecond:N0} MB/s, {report.Records / report.Elapsed.TotalSeconds:N0} records/s, {(report.IsSound ? "sound" : report.Findings[0])}"));
    }

    private static double Quantile(long[] sorted, double quantile) => sorted[(int)(quantile * (sorted.Length - 1))];
}
