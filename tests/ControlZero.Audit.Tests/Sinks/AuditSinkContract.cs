using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Format.Ledger;
using ControlZero.Audit.Format.Lines;
using ControlZero.Audit.Format.Verification;
using ControlZero.Audit.Ledger;
using ControlZero.Audit.Log;
using ControlZero.Audit.Reading;
using ControlZero.Audit.Retention;
using ControlZero.Audit.Sinks;
using ControlZero.Audit.Tests.Log;
using ControlZero.Audit.Tests.Verification;

namespace ControlZero.Audit.Tests.Sinks;

/// <summary>What every sink must do, alone and under a log.</summary>
public abstract class AuditSinkContract : IDisposable
{
    // What hangs fails by this. Far above what a busy machine takes.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TemporaryFolder _folder = new();

    internal SinkFaults Faults { get; } = new();

    protected string Root => _folder.Path;

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A sink of the test's own that meets <see cref="Faults"/>.</summary>
    internal abstract IAuditSink CreateSink();

    /// <summary>What is in it.</summary>
    internal abstract IAuditArchive Archive { get; }

    internal abstract ILedgerStore Ledger { get; }

    [Fact]
    public async Task Segment_Sealed_IsFinalForWhoeverOpensIt()
    {
        var sink = CreateSink();
        await using (var log = Start([sink]))
        {
            await log.AppendAsync(Entries.Numbered(1));
        }

        var path = (await FilesAsync()).Single();
        Assert.True(Format.Segments.SegmentId.TryParse(path, out var id));
        await using var again = await CreateSink().OpenAsync(id, path, CancellationToken.None);

        Assert.True(again.IsSealed);
    }

    [Fact]
    public async Task Log_OverASinkThatFailsAtRandom_HasEachEventOnce()
    {
        for (var seed = 0; seed < 5; seed++)
        {
            Faults.AtRandom(seed);
            await using var log = Start([CreateSink()], silo: $"s{seed}");
            for (var number = 0; number < 100; number++)
            {
                Assert.Equal(AuditOutcome.Durable, (await log.AppendAsync(Entries.Numbered((seed * 100) + number))).Outcome);
            }

            Faults.Heal();
        }

        Assert.True(Faults.Met > 0, "no append met a fault");
        Assert.Equal(Enumerable.Range(0, 500), (await NumbersAsync()).Order());
        await AssertSoundAsync();
    }

    // An attempt that failed may have been applied, and is made again: no event may be in an index twice, or at another's place.
    [Fact]
    public async Task Indexes_MadeOverASinkThatFailsAtRandom_AreRightOrMissing()
    {
        var store = new MemoryIndexes();
        Faults.AtRandom(3);
        await using (var log = Start([new IndexingSink(CreateSink(), store, IndexSeal.None)]))
        {
            for (var number = 0; number < 200 || Faults.Met < 5; number++)
            {
                await log.AppendAsync(Entries.Numbered(number));
            }

            Faults.Heal();
        }

        Assert.NotEmpty(store.Indexes);
        foreach (var (path, index) in store.Indexes)
        {
            var segment = Path.ChangeExtension(path, ".jsonl");
            Assert.True(Format.Segments.SegmentId.TryParse(segment, out var id));
            var read = new SegmentIndex(id);
            await read.ReadOnAsync(await Archive.OpenAsync(segment, 0, CancellationToken.None), CancellationToken.None);

            Assert.Equal(IndexFile.Write(read, IndexSeal.None), index);
        }
    }

    [Fact]
    public async Task Log_OverABlackHole_AnswersFromItsDiskUpToTheCapAndLosesNothing()
    {
        Faults.Always(SinkFault.BlackHole);
        var options = Options("s1") with { Mode = AuditMode.DurableInSink, SegmentBytes = 32 << 10, SpillBytes = 64 << 10, SinkPatience = TimeSpan.FromMilliseconds(20) };
        var accepted = new List<int>();
        await using (var log = AuditLog.Start(options, [CreateSink()], Keeper(), TimeProvider.System))
        {
            AuditAppend answer;
            var number = 0;
            while ((answer = await log.AppendAsync(Entries.Numbered(number))).Outcome is AuditOutcome.Durable)
            {
                accepted.Add(number++);
            }

            Assert.Equal(AuditOutcome.Unavailable, answer.Outcome);
            Assert.Contains("wait on the local disk", answer.Reason, StringComparison.Ordinal);
            Assert.True(accepted.Count > 50, $"only {accepted.Count} were taken before the cap");

            Faults.Heal();
            await HealedAsync();
            await AcceptedAsync(log, number, "the sink is back");
            accepted.Add(number);
        }

        Assert.Equal(accepted, (await NumbersAsync()).Order());
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Log_WhoseFirstSinkIsGone_WorksWithTheSecond()
    {
        using var other = new TemporaryFolder();
        Faults.Always(SinkFault.BlackHole);
        var options = Options("s1") with { Mode = AuditMode.DurableInSink, SinkPatience = TimeSpan.FromMinutes(10), CloseTimeout = TimeSpan.FromSeconds(1) };
        await using (var log = AuditLog.Start(options, [CreateSink(), new LocalFileSink(other.Path)], null, TimeProvider.System))
        {
            for (var number = 0; number < 50; number++)
            {
                Assert.Equal(AuditOutcome.Durable, (await log.AppendAsync(Entries.Numbered(number))).Outcome);
            }
        }

        Assert.Equal(Enumerable.Range(0, 50), Entries.ReadBack(other.Path));
    }

    [Fact]
    public async Task Log_ClosedWhileItsSinkIsGone_IsShippedByTheNextStart()
    {
        Faults.Always(SinkFault.Refuse);
        await using (var log = Start([CreateSink()], options: Options("s1") with { CloseTimeout = TimeSpan.Zero }))
        {
            await log.AppendAsync(Entries.Numbered(1));
        }

        Faults.Heal();
        await using (Start([CreateSink()], silo: "s2"))
        {
        }

        Assert.Equal([1], await NumbersAsync());
        await AssertSoundAsync();
    }

    // The disk keeps no more than the cap for a sink that is gone, and goes on for the other.
    [Fact]
    public async Task Sink_ThatStaysGone_IsLeftBehindForTheOther()
    {
        using var other = new TemporaryFolder();
        Faults.Always(SinkFault.Refuse);
        var options = Options("s1") with { SpillBytes = 32 << 10, CloseTimeout = TimeSpan.FromSeconds(1) };
        const int Count = 1000;
        await using (var log = AuditLog.Start(options, [CreateSink(), new LocalFileSink(other.Path)], null, TimeProvider.System))
        {
            for (var number = 0; number < Count; number++)
            {
                // The second sink may be a moment behind as well.
                await AcceptedAsync(log, number, "the other sink is there");
            }

            var patience = TimeProvider.System.GetTimestamp();
            while (WalFiles() > 2 * options.SpillBytes / options.SegmentBytes)
            {
                await Task.Yield();
                Assert.True(TimeProvider.System.GetElapsedTime(patience) < Patience, $"{WalFiles()} segments are kept for a sink that is gone");
            }
        }

        Assert.Equal(Enumerable.Range(0, Count), Entries.ReadBack(other.Path).Distinct());
    }

    [Fact]
    public async Task Ledger_OfManyWriters_IsOneChain()
    {
        var time = DateTimeOffset.UnixEpoch;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
        {
            var ledger = new LedgerWriter(Ledger, SampleLog.Key);
            for (var number = 0; number < 25; number++)
            {
                var record = new LedgerRecord { Kind = LedgerRecord.Open, Time = time.AddSeconds(number), Silo = $"s{writer}", Generation = number };
                await ledger.AppendAsync(record, CancellationToken.None);
            }
        })));

        var report = await LogVerifier.VerifyAsync(Archive, new VerifyOptions { Keys = [SampleLog.Key.Public] }, TimeProvider.System, null, CancellationToken.None);

        Assert.True(report.IsSound, string.Join('\n', report.Findings));
        Assert.Equal(100, report.LedgerRecords);
    }

    [Fact]
    public async Task Ledger_WhoseFileIsFull_GoesOnInTheNext()
    {
        var (content, previous) = (new MemoryStream(), default(ChainHash));
        var record = new LedgerRecord { Kind = LedgerRecord.Open, Time = DateTimeOffset.UnixEpoch, Silo = "s1", Generation = 1 };
        for (var number = 0; number < LedgerRecord.RecordsPerFile - 1; number++)
        {
            content.Write(LedgerLine.Write(previous, record.ToContent(number), key: null, out previous));
        }

        await PutAsync(LedgerRecord.PathOf(0), content.ToArray());
        var ledger = new LedgerWriter(Ledger, key: null);
        for (var number = 0; number < 3; number++)
        {
            await ledger.AppendAsync(record, CancellationToken.None);
        }

        await new LedgerWriter(Ledger, key: null).AppendAsync(record, CancellationToken.None);
        var report = await LogVerifier.VerifyAsync(Archive, new VerifyOptions(), TimeProvider.System, null, CancellationToken.None);
        var files = await Archive.ListAsync("ledger/", CancellationToken.None).Where(file => file.Path.EndsWith(".jsonl", StringComparison.Ordinal)).ToListAsync();

        Assert.True(report.IsSound, string.Join('\n', report.Findings));
        Assert.Equal((LedgerRecord.RecordsPerFile + 3, 2), (report.LedgerRecords, files.Count));
    }

    [Fact]
    public async Task Bodies_OfThisStore_AreDroppedAndTheLogVerifies()
    {
        await using (var log = Start([CreateSink()]))
        {
            for (var number = 0; number < 50; number++)
            {
                await log.AppendAsync(Entries.Numbered(number));
            }
        }

        var files = await FilesAsync();
        var done = await new RetentionKeeper(Retained, Ledger, SampleLog.Key, TimeProvider.System).ApplyAsync(new RetentionOptions { Bytes = 0 }, CancellationToken.None);

        Assert.Equal(files.Count, done.Count);
        Assert.Equal(files, await FilesAsync());
        Assert.Empty(await NumbersAsync());
        await AssertSoundAsync();
    }

    /// <summary>The same files, for retention.</summary>
    internal abstract IRetainedStore Retained { get; }

    /// <summary>Puts a file there.</summary>
    internal abstract Task PutAsync(string path, byte[] content);

    private static async Task AcceptedAsync(AuditLog log, int number, string why)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while ((await log.AppendAsync(Entries.Numbered(number))) is { Outcome: not AuditOutcome.Durable } answer)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < Patience, $"record {number} is not taken, though {why}: {answer.Reason}");
        }
    }

    private int WalFiles() => Directory.EnumerateFiles(_folder.Wal, "s*.wal").Count();

    /// <summary>Lets go of what still hangs from before <see cref="SinkFaults.Heal"/>.</summary>
    internal virtual Task HealedAsync() => Task.CompletedTask;

    internal AuditLogOptions Options(string silo) => new()
    {
        Silo = silo,
        Generation = 7,
        WalDirectory = _folder.Wal,
        SegmentBytes = 8 << 10,
        CloseTimeout = TimeSpan.FromMinutes(2),
    };

    internal AuditLog Start(IReadOnlyList<IAuditSink> sinks, string silo = "s1", AuditLogOptions? options = null) =>
        AuditLog.Start(options ?? Options(silo), sinks, Keeper(), TimeProvider.System);

    internal async Task<IReadOnlyList<int>> NumbersAsync() => [.. (await ReadLinesAsync()).Where(line => line.Kind == "event").Select(line => line.Number)];

    internal async Task AssertSoundAsync()
    {
        var report = await LogVerifier.VerifyAsync(Archive, new VerifyOptions { Keys = [SampleLog.Key.Public] }, TimeProvider.System, null, CancellationToken.None);
        Assert.True(report.IsSound && report.Records > 0, string.Join('\n', report.Findings));
        Assert.Equal(0, report.Uncovered);
    }

    internal async Task<IReadOnlyList<string>> FilesAsync() =>
        [.. await Archive.ListAsync("audit/", CancellationToken.None).Select(file => file.Path).ToListAsync()];

    private LedgerKeeper Keeper() => new(Ledger, SampleLog.Key, TimeSpan.FromMinutes(1), TimeProvider.System);

    private async Task<IReadOnlyList<ReadLine>> ReadLinesAsync()
    {
        var lines = new List<ReadLine>();
        foreach (var path in await FilesAsync())
        {
            using var reader = new StreamReader(await Archive.OpenAsync(path, 0, CancellationToken.None));
            while (await reader.ReadLineAsync() is { } line)
            {
                if (!line.Contains("\"leaf\":", StringComparison.Ordinal))
                {
                    lines.Add(ReadLine.Of(line));
                }
            }
        }

        return lines;
    }

    private sealed class MemoryIndexes : IIndexStore
    {
        public Dictionary<string, byte[]> Indexes { get; } = [];

        public Task WriteAsync(string path, ReadOnlyMemory<byte> index, CancellationToken cancellationToken)
        {
            Indexes.Add(path, index.ToArray());
            return Task.CompletedTask;
        }
    }
}
