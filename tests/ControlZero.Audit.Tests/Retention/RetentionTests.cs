using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Format.Segments;
using ControlZero.Audit.Format.Verification;
using ControlZero.Audit.Ledger;
using ControlZero.Audit.Retention;
using ControlZero.Audit.Tests.Log;
using ControlZero.Audit.Tests.Verification;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Audit.Tests.Retention;

public sealed class RetentionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Segments_OlderThanTheAge_LoseTheirBodiesAndStillVerify()
    {
        await WriteAsync();
        var keeper = Keeper();
        Assert.Empty(await keeper.ApplyAsync(new RetentionOptions { Age = TimeSpan.FromDays(30) }, CancellationToken.None));

        _time.Advance(TimeSpan.FromDays(31));
        var done = await keeper.ApplyAsync(new RetentionOptions { Age = TimeSpan.FromDays(30) }, CancellationToken.None);

        var report = await VerifyAsync();
        Assert.True(report.IsSound, string.Join('\n', report.Findings));
        Assert.Equal((done.Count, 120L, 120L), (report.Segments, report.Records, report.Reduced));
        Assert.DoesNotContain(Directory.EnumerateFiles(_folder.Path, "*.jsonl", SearchOption.AllDirectories), file => File.ReadAllText(file).Contains("padding", StringComparison.Ordinal));
        Assert.Empty(await keeper.ApplyAsync(new RetentionOptions { Age = TimeSpan.FromDays(30) }, CancellationToken.None));
    }

    [Fact]
    public async Task Segments_OfMoreBytesThanTheLimit_LoseBodiesOldestFirstUntilTheyFit()
    {
        await WriteAsync();
        var total = await BytesAsync();

        var done = await Keeper().ApplyAsync(new RetentionOptions { Bytes = total - 1 }, CancellationToken.None);

        Assert.Equal(new SegmentId("s1", 7, 0), Assert.Single(done));
        Assert.True(await BytesAsync() < total);
        Assert.True((await VerifyAsync()).IsSound);
    }

    [Fact]
    public async Task Bodies_DroppedWithoutTheLedgersKnowledge_AreFound()
    {
        await WriteAsync();
        var store = new LocalRetainedStore(_folder.Path);
        var path = (await store.Archive.ListAsync("audit/", CancellationToken.None).ToListAsync())[1].Path;
        await store.ReplaceAsync(
            path,
            async to =>
            {
                await using var from = await store.Archive.OpenAsync(path, 0, CancellationToken.None);
                await SegmentReducer.ReduceAsync(from, to, keep: null, CancellationToken.None);
            },
            CancellationToken.None);

        var report = await VerifyAsync();

        Assert.All(report.Findings, finding => Assert.Equal(path, finding.File));
        Assert.Contains(report.Findings, finding => finding.Line == 2 && finding.What.Contains("the body of record", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Export_OfOneTenant_HoldsItsEventsAloneAndVerifies()
    {
        var log = await SampleLog.WriteAsync(SampleLog.Key);
        var export = new MemoryArchive(log.Files.Where(file => file.Key.StartsWith("ledger/", StringComparison.Ordinal)));
        foreach (var (path, bytes) in log.Files.Where(file => file.Key.StartsWith("audit/", StringComparison.Ordinal)))
        {
            using var reduced = new MemoryStream();
            await SegmentReducer.ReduceAsync(new MemoryStream(bytes), reduced, "acme", CancellationToken.None);
            export.Files[path] = reduced.ToArray();
        }

        var options = new VerifyOptions { Keys = [SampleLog.Key.Public], ExportOf = "acme" };
        var report = await LogVerifier.VerifyAsync(export, options, TimeProvider.System, null, CancellationToken.None);
        var othersReport = await LogVerifier.VerifyAsync(export, options with { ExportOf = "globex" }, TimeProvider.System, null, CancellationToken.None);
        var partial = export.Copy();
        partial.Files.Remove(partial.Files.Keys.ElementAt(1));
        var partialReport = await LogVerifier.VerifyAsync(partial, options, TimeProvider.System, null, CancellationToken.None);
        export.Files[export.Files.Keys.First()] = log.Files[export.Files.Keys.First()];
        var leakReport = await LogVerifier.VerifyAsync(export, options, TimeProvider.System, null, CancellationToken.None);

        Assert.True(report.IsSound, string.Join('\n', report.Findings));
        Assert.Equal((120L, 80L), (report.Records, report.Reduced));
        Assert.True(partialReport.IsSound, string.Join('\n', partialReport.Findings));
        Assert.Contains(othersReport.Findings, finding => finding.What.Contains("is an event of tenant `acme`", StringComparison.Ordinal));
        Assert.Contains(leakReport.Findings, finding => finding.What.Contains("is an event of tenant `globex`", StringComparison.Ordinal));
    }

    private async Task WriteAsync()
    {
        foreach (var (path, bytes) in (await SampleLog.WriteAsync(SampleLog.Key)).Files)
        {
            var full = Path.Combine(_folder.Path, path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            await File.WriteAllBytesAsync(full, bytes);
        }
    }

    private async Task<long> BytesAsync() => (await new LocalArchive(_folder.Path).ListAsync("audit/", CancellationToken.None).ToListAsync()).Sum(file => file.Length);

    private RetentionKeeper Keeper() => new(new LocalRetainedStore(_folder.Path), new LocalLedgerStore(_folder.Path, TimeProvider.System), SampleLog.Key, _time);

    private Task<VerifyReport> VerifyAsync() => LogVerifier.VerifyAsync(
        new LocalArchive(_folder.Path), new VerifyOptions { Keys = [SampleLog.Key.Public] }, TimeProvider.System, null, CancellationToken.None);
}
