using System.Runtime.InteropServices;
using System.Security.Cryptography;
using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Ledger;
using ControlZero.Audit.Reading;
using ControlZero.Audit.Retention;
using ControlZero.Audit.Sinks;
using ControlZero.Audit.Tests.Log;

namespace ControlZero.Audit.Tests.Reading;

public sealed class LocalIndexTests : SegmentIndexContract, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    internal override IAuditArchive Archive => new LocalArchive(_folder.Path);

    internal override IIndexStore Store => new LocalIndexStore(_folder.Path);

    internal override IAuditSink Sink => new LocalFileSink(_folder.Path);

    internal override int Rounds => 60;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Files_OfALog_AreHeldOpenByNoReader(bool isLarge)
    {
        var log = await FilledAsync(isLarge ? await WrittenLog.LargeAsync() : await WrittenLog.SmallAsync());
        using var reader = new AuditReader(Archive, Store);
        await reader.IndexAsync(_ => true, CancellationToken.None);

        await log.CheckAsync(reader);

        var held = new DirectoryInfo("/proc/self/fd").EnumerateFiles().Select(file => file.LinkTarget).Where(target => target?.StartsWith(_folder.Path, StringComparison.Ordinal) == true);
        Assert.Empty(held);
    }

    [Fact]
    public async Task Indexes_OfSegmentsThatLostTheirBodies_AreMadeAgain()
    {
        var log = await FilledAsync(await WrittenLog.SmallAsync());
        using var reader = new AuditReader(Archive, Store);
        await reader.IndexAsync(_ => true, CancellationToken.None);
        await log.CheckAsync(reader);
        var read = reader.LinesRead;

        await new RetentionKeeper(new LocalRetainedStore(_folder.Path), new LocalLedgerStore(_folder.Path, TimeProvider.System), key: null, TimeProvider.System)
            .ApplyAsync(new RetentionOptions { Bytes = 0 }, CancellationToken.None);
        await reader.IndexAsync(_ => true, CancellationToken.None);
        var page = await reader.QueryAsync(new EventQuery("acme", EventFilter.All, 0, EventPlace.Before(DateTime.MaxValue.Ticks), 1000), CancellationToken.None);

        Assert.Empty(page.Events);
        Assert.Equal(read, reader.LinesRead);
        Assert.All(Directory.EnumerateFiles(_folder.Path, "*.idx", SearchOption.AllDirectories), index => Assert.Equal(IndexFile.HeaderSize, new FileInfo(index).Length));
    }

    // A line is read by what its entry says: nobody makes room for two gigabytes because an index says so.
    [Theory]
    [InlineData(0, 999, true)]
    [InlineData(0, 1000, false)]
    [InlineData(0, int.MaxValue, false)]
    [InlineData(-1, 10, false)]
    [InlineData(long.MaxValue, 10, false)]
    [InlineData(0, 0, false)]
    [InlineData(0, -5, false)]
    public void Entry_ThatPointsBeyondItsSegment_IsNotTaken(long offset, int length, bool isTaken)
    {
        EventEntry[] entries = [new() { Offset = offset, Length = length, Sequence = 1, Time = 0, Decision = 0, Agent = 0, Model = 0, Policy = 0, Rule = 0, Effect = 0 }];
        var bytes = MemoryMarshal.AsBytes(entries.AsSpan());
        var part = new IndexFile.Part(0, 1, [default], [MemoryMarshal.Read<UInt128>(SHA256.HashData(bytes))], 0, default);

        Assert.Equal(isTaken, part.Take(0, bytes, segmentLength: 1000) is not null);
    }

    internal override async Task PutAsync(string path, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_folder.Path, path))!);
        await File.WriteAllBytesAsync(Path.Combine(_folder.Path, path), content);
    }

    internal override Task DeleteAsync(string path)
    {
        File.Delete(Path.Combine(_folder.Path, path));
        return Task.CompletedTask;
    }
}
