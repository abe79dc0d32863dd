using ControlZero.Audit.Ledger;
using ControlZero.Audit.Log;
using ControlZero.Audit.Sinks;
using ControlZero.Audit.Tests.Wal;
using ControlZero.Audit.Wal;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Audit.Tests.Log;

public sealed class BufferedLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Entries_Buffered_AreAnsweredAtOnceAndWritten()
    {
        await using (var log = Start(new DiskWalFiles(_folder.Wal)))
        {
            for (var number = 0; number < 5000; number++)
            {
                var answer = log.AppendAsync(Entries.Numbered(number));
                Assert.True(answer.IsCompleted);
                Assert.Equal(AuditOutcome.Buffered, (await answer).Outcome);
            }
        }

        Assert.Equal(Enumerable.Range(0, 5000), Entries.ReadBack(_folder.Path));
    }

    [Fact]
    public async Task Entries_ForWhichThereIsNoRoom_AreCountedInAGapRecord()
    {
        var disk = new HeldDisk(new DiskWalFiles(_folder.Wal)) { HoldsWrites = true };
        var outcomes = new List<AuditOutcome>();
        await using (var log = Start(disk, queueBytes: 1 << 20))
        {
            outcomes.Add((await log.AppendAsync(Entries.Numbered(0))).Outcome);
            await disk.Held.Task;
            for (var number = 1; number <= 10; number++)
            {
                outcomes.Add((await log.AppendAsync(Entries.Numbered(number, padding: 200_000))).Outcome);
            }

            disk.Release.SetResult();
        }

        var lines = Entries.Lines(_folder.Path);
        var dropped = outcomes.Count(outcome => outcome is AuditOutcome.Dropped);
        Assert.True(dropped is > 0 and < 10, $"{dropped} dropped");
        Assert.Equal(outcomes.Count - dropped, lines.Count(line => line.Kind == "event"));
        var gap = Assert.Single(lines, line => line.Kind == "gap");
        Assert.Equal((dropped, "queue_full"), (gap.Count, gap.Reason));
    }

    [Fact]
    public async Task Entries_TheDiskDoesNotTake_AreCountedInAGapRecord()
    {
        var disk = new ForgetfulDisk(1) { FailsWrites = true };
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using (var log = AuditLog.Start(Options(), disk, [new LocalFileSink(_folder.Path)], null, time))
        {
            for (var number = 0; number < 7; number++)
            {
                Assert.Equal(AuditOutcome.Buffered, (await log.AppendAsync(Entries.Numbered(number))).Outcome);
            }

            while (log.Status.Dropped < 7)
            {
                await Task.Yield();
            }

            Assert.NotNull(log.Status.Trouble);
            disk.FailsWrites = false;
            time.Advance(TimeSpan.FromSeconds(1));
            await log.AppendAsync(Entries.Numbered(7));
            await CloseAsync(log, time);
        }

        var lines = Entries.Lines(_folder.Path);
        Assert.Equal([7], Entries.ReadBack(_folder.Path));
        Assert.Equal(7, lines.Where(line => line.Kind == "gap").Sum(line => line.Count));
        Assert.All(lines.Where(line => line.Kind == "gap"), gap => Assert.Equal("disk", gap.Reason));
    }

    // A checkpoint of what a power cut can still undo would make every power cut look like tampering.
    [Fact]
    public async Task Checkpoint_OfABufferedLog_NeverSaysWhatTheDiskMayForget()
    {
        var disk = new ForgetfulDisk(1);
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        using var store = new WatchedLedger(disk);
        using var keeper = new LedgerKeeper(store, null, TimeSpan.Zero, time);
        var log = AuditLog.Start(Options(), disk, [new LocalFileSink(_folder.Path)], keeper, time);
        for (var number = 0; number < 5; number++)
        {
            await log.AppendAsync(Entries.Numbered(number));
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.True(await store.Checkpoints.WaitAsync(TimeSpan.FromMinutes(1)), $"no checkpoint after entry {number}");
        }

        await CloseAsync(log, time);
        Assert.Empty(store.Untrue);
    }

    // Its lanes pause by this clock.
    private static async Task CloseAsync(AuditLog log, FakeTimeProvider time)
    {
        var closing = log.DisposeAsync().AsTask();
        while (!closing.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }

        await closing;
    }

    private AuditLog Start(IWalFiles files, int queueBytes = 8 << 20) =>
        AuditLog.Start(Options() with { QueueBytes = queueBytes }, files, [new LocalFileSink(_folder.Path)], null, TimeProvider.System);

    private AuditLogOptions Options() => new()
    {
        Silo = "s1",
        Generation = 7,
        WalDirectory = _folder.Wal,
        Mode = AuditMode.Buffered,
        SegmentBytes = 4 << 20,
        CloseTimeout = TimeSpan.FromDays(30),
    };
}
