using System.Text;
using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Format.Ledger;
using ControlZero.Audit.Format.Segments;
using ControlZero.Audit.Reading;
using ControlZero.Audit.Sinks;
using ControlZero.Audit.Tests.Log;

namespace ControlZero.Audit.Tests.Reading;

/// <summary>Indexes beside segments, wherever those are kept: one reader makes them, all use them, and whatever becomes of one, no answer is another.</summary>
public abstract class SegmentIndexContract
{
    internal abstract IAuditArchive Archive { get; }

    internal abstract IIndexStore Store { get; }

    internal abstract IAuditSink Sink { get; }

    /// <summary>Puts a file there, in place of one that may be there.</summary>
    internal abstract Task PutAsync(string path, byte[] content);

    internal abstract Task DeleteAsync(string path);

    /// <summary>How often something is damaged.</summary>
    internal abstract int Rounds { get; }

    [Fact]
    public async Task Indexes_MadeByOneReader_ServeAnotherThatReadsNoSegmentThrough()
    {
        var log = await FilledAsync(await WrittenLog.SmallAsync());
        var (first, second) = (Watched(), Watched());
        using var maker = new AuditReader(first, first);
        using var user = new AuditReader(second, second);
        await maker.IndexAsync(_ => true, CancellationToken.None);

        await log.CheckAsync(user);
        await maker.IndexAsync(_ => true, CancellationToken.None);

        Assert.Equal((log.Files.Count, log.Files.Count), (first.SegmentsOpened, first.Written));
        Assert.Equal((0, 0), (second.SegmentsOpened, second.Written));
    }

    [Theory]
    [InlineData(16 << 10)]
    [InlineData(64 << 20)]
    public async Task Indexes_MadeWhileTheLogIsWritten_AreThoseThatAReaderMakes(int segmentBytes)
    {
        using var folder = new TemporaryFolder();
        var (seal, watched) = (Sealed(LedgerKey.Generate()), Watched());
        var events = await WrittenLog.WriteAsync(3000, WrittenLog.Options(folder, segmentBytes), new IndexingSink(Sink, watched, seal));
        var written = await IndexesAsync();

        using (var reader = new AuditReader(watched, watched, seal))
        {
            await new WrittenLog(Files: written, events).CheckAsync(reader);
        }

        Assert.Equal((0, written.Count), (watched.SegmentsOpened, watched.Written));
        foreach (var path in written.Keys)
        {
            await DeleteAsync(path);
        }

        Assert.Equal(written, await IndexesAsync(seal));
    }

    [Fact]
    public async Task Indexes_RefusedWhileTheLogIsWritten_AreMadeLater()
    {
        using var folder = new TemporaryFolder();
        var watched = Watched();
        watched.Refuses = true;
        var events = await WrittenLog.WriteAsync(600, WrittenLog.Options(folder, 16 << 10), new IndexingSink(Sink, watched, IndexSeal.None));
        Assert.Empty(await IndexesAsync());

        watched.Refuses = false;
        var made = await IndexesAsync(IndexSeal.None);
        using var reader = new AuditReader(watched, watched);

        await new WrittenLog(made, events).CheckAsync(reader);
        Assert.True(made.Count > 10, $"{made.Count} segments");
    }

    [Fact]
    public async Task Index_OfASegmentThatWasBegunBefore_IsLeftToTheReader()
    {
        var (id, path) = (new SegmentId("one", 7, 0), "audit/date=2026-11-28/hour=10/one-7-000000.jsonl");
        await using var begun = await new BegunSink().OpenAsync(id, path, CancellationToken.None);

        await using var opened = await new IndexingSink(new BegunSink(), Store, IndexSeal.None).OpenAsync(id, path, CancellationToken.None);

        Assert.IsType(begun.GetType(), opened);
    }

    [Fact]
    public async Task Indexes_OfOthersSegments_AreLeftToTheOthers()
    {
        await FilledAsync(await WrittenLog.SmallAsync());
        var watched = Watched();
        using var reader = new AuditReader(watched, watched);

        await reader.IndexAsync(segment => segment.Silo == "two", CancellationToken.None);

        Assert.Equal((0, 0), (watched.SegmentsOpened, watched.Written));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Index_MissingCutOrChanged_ChangesNoAnswer(bool isSigned)
    {
        var log = await FilledAsync(await WrittenLog.SmallAsync());
        var seal = isSigned ? Sealed(LedgerKey.Generate()) : IndexSeal.None;
        var sound = await IndexesAsync(seal);
        var random = new Random(20261128);
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var (path, index) in sound)
            {
                if (Damage(index, random, sound) is { } damaged)
                {
                    await PutAsync(path, damaged);
                }
                else
                {
                    await DeleteAsync(path);
                }
            }

            using var reader = new AuditReader(Archive, Store, seal);
            await log.CheckAsync(reader);
        }
    }

    // The directory was read before, and is right: what it says of a chunk is held against the chunk.
    [Fact]
    public async Task Index_ChangedAfterItWasOpened_ChangesNoAnswer()
    {
        var log = await FilledAsync(await WrittenLog.LargeAsync());
        var (path, index) = Assert.Single(await IndexesAsync(IndexSeal.None));
        using var reader = new AuditReader(Archive, Store);
        await log.CheckAsync(reader);

        foreach (var damaged in (byte[][])[index[..(index.Length / 2)], [.. index[..^400], .. new byte[400]], []])
        {
            await PutAsync(path, damaged);
            await log.CheckAsync(reader);
        }

        await DeleteAsync(path);
        await log.CheckAsync(reader);
    }

    [Fact]
    public async Task Index_SignedByNobodyWhoIsTrusted_IsNotBelieved()
    {
        var log = await FilledAsync(await WrittenLog.SmallAsync());
        var (own, other, foreign) = (LedgerKey.Generate(), LedgerKey.Generate(), LedgerKey.Generate());
        var seal = Sealed(own, other);
        foreach (var forger in (IndexSeal[])[IndexSeal.None, Sealed(foreign)])
        {
            await ForgeAsync(log, forger);
            using var reader = new AuditReader(Archive, Store, seal);
            await log.CheckAsync(reader);
        }

        // It says that it is ours, and is signed by another.
        await ForgeAsync(log, Sealed(foreign), index => Convert.FromHexString(own.Public.Id).CopyTo(index, IndexFile.HeaderSize - IndexSeal.Length + IndexSeal.DigestLength));
        using (var reader = new AuditReader(Archive, Store, seal))
        {
            await log.CheckAsync(reader);
        }

        await IndexesAsync(Sealed(other));
        var watched = Watched();
        using var believer = new AuditReader(watched, watched, seal);
        await log.CheckAsync(believer);
        Assert.Equal(0, watched.SegmentsOpened);
    }

    // Nobody signs, so a forged one is believed: it can hide an event, as whoever forged it could in the segment, and never show one of another tenant.
    [Fact]
    public async Task Index_ThatPointsAtAnotherTenant_ShowsNothingOfIt()
    {
        var log = await FilledAsync(await WrittenLog.SmallAsync());
        await ForgeAsync(log, IndexSeal.None);
        var watched = Watched();
        using var misled = new AuditReader(watched, watched);

        var page = await misled.QueryAsync(new EventQuery("acme", EventFilter.All, 0, EventPlace.Before(DateTime.MaxValue.Ticks), log.Events.Count), CancellationToken.None);

        Assert.Equal(0, watched.SegmentsOpened);
        Assert.True(misled.LinesRead > page.Events.Count, "the forged indexes were not used");
        Assert.All(page.Events, found => Assert.Equal("acme", found.Event.Tenant));
    }

    [Fact]
    public async Task Indexes_ThatCannotBePutThere_AreDoneWithoutAndPutThereLater()
    {
        var log = await FilledAsync(await WrittenLog.SmallAsync());
        var watched = Watched();
        using var reader = new AuditReader(watched, watched);
        watched.Refuses = true;

        await log.CheckAsync(reader);
        await Assert.ThrowsAsync<IOException>(() => reader.IndexAsync(_ => true, CancellationToken.None));
        await log.CheckAsync(reader);
        Assert.Equal((log.Files.Count, 0), (watched.SegmentsOpened, watched.Written));

        watched.Refuses = false;
        await reader.IndexAsync(_ => true, CancellationToken.None);
        await log.CheckAsync(reader);
        Assert.Equal((log.Files.Count, log.Files.Count), (watched.SegmentsOpened, watched.Written));
    }

    [Fact]
    public async Task Indexes_OfMoreSegmentsThanMemoryIsFor_AreReadAgain()
    {
        const long Room = 12 << 10;
        var log = await FilledAsync(await WrittenLog.SmallAsync());
        await IndexesAsync(IndexSeal.None);
        var watched = Watched();
        using var reader = new AuditReader(watched, watched, IndexSeal.None, TimeProvider.System, Room);

        await log.CheckAsync(reader);

        Assert.InRange(reader.IndexBytes, 1, Room);
        Assert.Equal(0, watched.SegmentsOpened);
    }

    private protected async Task<WrittenLog> FilledAsync(WrittenLog log)
    {
        foreach (var (path, content) in log.Files)
        {
            await PutAsync(path, content);
        }

        return log;
    }

    private protected WatchedArchive Watched() => new(Archive, Store);

    private static IndexSeal Sealed(LedgerKey key, params LedgerKey[] trusted) => new(key, [key.Public, .. trusted.Select(each => each.Public)]);

    private async Task<IReadOnlyDictionary<string, byte[]>> IndexesAsync(IndexSeal seal)
    {
        using (var reader = new AuditReader(Archive, Store, seal))
        {
            await reader.IndexAsync(_ => true, CancellationToken.None);
        }

        return await IndexesAsync();
    }

    private async Task<IReadOnlyDictionary<string, byte[]>> IndexesAsync()
    {
        var found = new Dictionary<string, byte[]>();
        foreach (var file in await Archive.ListAsync("audit/", CancellationToken.None).Where(file => file.Path.EndsWith(".idx", StringComparison.Ordinal)).ToListAsync())
        {
            var bytes = new byte[file.Length];
            await Archive.ReadAsync(file.Path, 0, bytes, CancellationToken.None);
            found.Add(file.Path, bytes);
        }

        return found;
    }

    // Indexes in which others' events are acme's, and one agent's another's: of a text as long as the segment's.
    private async Task ForgeAsync(WrittenLog log, IndexSeal seal, Action<byte[]>? change = null)
    {
        foreach (var (path, content) in log.Files)
        {
            Assert.True(SegmentId.TryParse(path, out var id));
            var index = new SegmentIndex(id);
            var text = Encoding.UTF8.GetString(content).Replace("\"tenant\":\"other\"", "\"tenant\":\"acme\" ", StringComparison.Ordinal).Replace("agent-3", "agent-4", StringComparison.Ordinal);
            await index.ReadOnAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), CancellationToken.None);
            Assert.Equal(content.Length, index.Length);
            var forged = IndexFile.Write(index, seal);
            change?.Invoke(forged);
            await PutAsync(Path.ChangeExtension(path, ".idx"), forged);
        }
    }

    // Null: it is taken away.
    private static byte[]? Damage(byte[] index, Random random, IReadOnlyDictionary<string, byte[]> all)
    {
        var damaged = index.ToArray();
        switch (random.Next(7))
        {
            case 0:
                return null;
            case 1:
                return damaged[..random.Next(damaged.Length)];
            case 2:
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
                return damaged;
            case 3:
                return [.. damaged, .. new byte[random.Next(1, 100)]];
            case 4:
                return all.Values.ElementAt(random.Next(all.Count));
            case 5:
                // Lengths and places of any size.
                random.NextBytes(damaged.AsSpan(8 + random.Next(12), 4));
                return damaged;
            default:
                random.NextBytes(damaged.AsSpan(random.Next(damaged.Length)));
                return damaged;
        }
    }

    /// <summary>A sink in which every segment has lines of an earlier attempt.</summary>
    private sealed class BegunSink : IAuditSink
    {
        public string Name => "begun";

        public TimeSpan Linger => TimeSpan.Zero;

        public Task<ISinkSegment> OpenAsync(SegmentId id, string path, CancellationToken cancellationToken) => Task.FromResult<ISinkSegment>(new Segment());

        private sealed class Segment : ISinkSegment
        {
            public long Length => 1000;

            public bool IsSealed => false;

            public long Last => 0;

            public bool IsNearlyFull => false;

            public Task AppendAsync(long offset, ReadOnlyMemory<byte> lines, CancellationToken cancellationToken) => Task.CompletedTask;

            public Task SealAsync(ReadOnlyMemory<byte> end, CancellationToken cancellationToken) => Task.CompletedTask;

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
