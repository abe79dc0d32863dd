using ControlZero.Audit.Format.Lines;
using ControlZero.Audit.Log;
using ControlZero.Audit.Sinks;
using ControlZero.Audit.Tests.Sinks;
using ControlZero.Audit.Tests.Wal;
using ControlZero.Audit.Wal;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Audit.Tests.Log;

public sealed class DurableLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Entries_OfManyCallers_AreAllInOneChainInOrder()
    {
        await using (var log = Start())
        {
            await Parallel.ForEachAsync(Enumerable.Range(0, 2000), async (number, _) =>
                Assert.Equal(AuditOutcome.Durable, (await log.AppendAsync(Entries.Numbered(number))).Outcome));
        }

        var lines = Entries.Lines(_folder.Path);
        var records = lines.Where(line => line.Kind == "event").ToArray();
        Assert.Equal(Enumerable.Range(0, 2000), records.Select(line => line.Number).Order());
        Assert.Equal(Enumerable.Range(1, 2000).Select(sequence => (long)sequence), records.Select(line => line.Sequence));
        Assert.Equal(ChainHash.Genesis("s1", 7), records[0].Previous);
        Assert.Equal(records.SkipLast(1).Select(line => line.Hash), records.Skip(1).Select(line => line.Previous));
    }

    [Fact]
    public async Task Entries_OfOneCall_StandTogether()
    {
        await using (var log = Start())
        {
            await Task.WhenAll(Enumerable.Range(0, 50).Select(call => Task.Run(async () =>
            {
                var entries = Enumerable.Range(0, 64).Select(item => Entries.Numbered((call * 64) + item)).ToArray();
                Assert.Equal(AuditOutcome.Durable, (await log.AppendAsync(entries)).Outcome);
            })));
            Assert.Equal(AuditOutcome.Durable, (await log.AppendAsync([])).Outcome);
        }

        Assert.All(Entries.ReadBack(_folder.Path).Chunk(64), call => Assert.Equal(Enumerable.Range(call[0], 64), call));
    }

    [Fact]
    public async Task Segment_ThatIsFull_IsFollowedByOneThatGoesOnWithItsChain()
    {
        await using (var log = Start(segmentBytes: 16 << 10))
        {
            for (var number = 0; number < 200; number++)
            {
                await log.AppendAsync(Entries.Numbered(number));
            }
        }

        var lines = Entries.Lines(_folder.Path);
        Assert.True(lines.Count(line => line.Kind == "segment") > 4);
        Assert.Equal(lines.Count(line => line.Kind == "segment"), lines.Count(line => line.Kind == "end"));
        Assert.Equal(Enumerable.Range(0, 200), Entries.ReadBack(_folder.Path));
        foreach (var (header, index) in lines.Select((line, index) => (line, index)).Where(pair => pair.line.Kind == "segment").Skip(1))
        {
            Assert.Equal(lines[index - 2].Hash, header.Previous);
            Assert.Equal(lines[index - 2].Hash, lines[index + 1].Previous);
        }
    }

    [Fact]
    public async Task Segment_WhoseHourIsOver_EndsWithoutANewEntry()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 27, 20, 59, 58, TimeSpan.Zero));
        var sink = new WatchedSink(new LocalFileSink(_folder.Path));
        await using var log = AuditLog.Start(Options(), [sink], null, time);
        await log.AppendAsync(Entries.Numbered(1));

        while (!sink.Sealed.Task.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal([1], Entries.ReadBack(_folder.Path));
        Assert.True(File.Exists(Path.Combine(_folder.Path, "audit/date=2026-11-27/hour=20/s1-7-000000.jsonl")));
    }

    [Fact]
    public async Task Entry_AfterTheLogIsClosed_IsUnavailable()
    {
        var log = Start();
        await log.DisposeAsync();

        var answer = await log.AppendAsync(Entries.Numbered(1));

        Assert.Equal((AuditOutcome.Unavailable, "the audit log is closed"), (answer.Outcome, answer.Reason));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"a\":\n1}")]
    public async Task Entry_ThatIsNoLine_IsRefused(string body)
    {
        await using var log = Start();

        await Assert.ThrowsAsync<ArgumentException>(() => log.AppendAsync(Entries.Numbered(1) with { Body = System.Text.Encoding.UTF8.GetBytes(body) }));
    }

    [Fact]
    public async Task Queue_ThatIsFull_RefusesAtOnceAndTakesAgainLater()
    {
        var disk = new HeldDisk(new DiskWalFiles(_folder.Wal));
        await using var log = AuditLog.Start(Options() with { QueueBytes = 1 << 20 }, disk, [new LocalFileSink(_folder.Path)], null, TimeProvider.System);
        var first = log.AppendAsync(Entries.Numbered(0));
        await disk.Held.Task;
        var waiting = Enumerable.Range(1, 4).Select(number => log.AppendAsync(Entries.Numbered(number, padding: 250_000))).ToArray();

        var refused = await log.AppendAsync(Entries.Numbered(5, padding: 250_000));
        disk.Release.SetResult();

        Assert.Equal(AuditOutcome.Unavailable, refused.Outcome);
        Assert.All(await Task.WhenAll([first, .. waiting]), answer => Assert.Equal(AuditOutcome.Durable, answer.Outcome));
        Assert.Equal(AuditOutcome.Durable, (await log.AppendAsync(Entries.Numbered(5))).Outcome);
    }

    // Of a write that hangs nobody can say when it will be durable.
    [Fact]
    public async Task Log_WhoseWriteTakesLong_IsNotPromptUntilItIsDone()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero));
        var disk = new HeldDisk(new DiskWalFiles(_folder.Wal));
        var log = AuditLog.Start(Options(), disk, [new LocalFileSink(_folder.Path)], null, time);
        Assert.True(log.IsPrompt);
        var answer = log.AppendAsync(Entries.Numbered(0));
        await disk.Held.Task;

        time.Advance(TimeSpan.FromMilliseconds(99));
        Assert.True(log.IsPrompt);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(log.IsPrompt);
        disk.Release.SetResult();
        await answer;

        Assert.True(log.IsPrompt);

        // The lane to the sink lingers by the same clock, and closing waits for it.
        var closing = log.DisposeAsync().AsTask();
        while (!closing.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await closing;
    }

    [Theory]
    [InlineData(AuditMode.Durable, true)]
    [InlineData(AuditMode.DurableInSink, false)]
    [InlineData(AuditMode.Buffered, false)]
    public async Task Log_ThatWaitsForMoreOrLessThanItsDisk_IsNeverPrompt(AuditMode mode, bool isPrompt)
    {
        await using var log = AuditLog.Start(Options() with { Mode = mode }, [new LocalFileSink(_folder.Path)], null, TimeProvider.System);
        await log.AppendAsync(Entries.Numbered(0));

        Assert.Equal(isPrompt, log.IsPrompt);
    }

    private AuditLog Start(long segmentBytes = 1 << 20) =>
        AuditLog.Start(Options() with { SegmentBytes = segmentBytes }, [new LocalFileSink(_folder.Path)], null, TimeProvider.System);

    private AuditLogOptions Options() => new() { Silo = "s1", Generation = 7, WalDirectory = _folder.Wal, SegmentBytes = 1 << 20 };
}
