using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using ControlZero.Audit.Azure;
using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Ledger;
using ControlZero.Audit.Log;
using ControlZero.Audit.Retention;
using ControlZero.Audit.Sinks;
using ControlZero.Audit.Tests.Log;
using ControlZero.Audit.Tests.Sinks;
using ControlZero.Storage.Tests.Azure;

namespace ControlZero.Audit.Tests.Azure;

/// <summary>Against a real Azurite, with faults on the connection.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class AppendBlobSinkTests(AzuriteFixture azurite) : AuditSinkContract
{
    // Far above what forty blocks take on a busy machine.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly BlobContainerClient _container = new(azurite.ConnectionString, $"audit-{Guid.NewGuid():N}");

    internal override IAuditArchive Archive => new BlobArchive(_container);

    internal override ILedgerStore Ledger => new BlobLedgerStore(_container);

    internal override IRetainedStore Retained => new BlobRetainedStore(_container);

    internal override IAuditSink CreateSink() => new AppendBlobSink(Faulty(), TimeProvider.System);

    [Fact]
    public async Task Blocks_UnderLoad_HaveAQuarterOfAMegabyte()
    {
        // The sink does not answer until all is there: a lane that is behind is the load, whatever the machine's speed.
        Faults.Always(SinkFault.BlackHole);
        await using (var log = Start([CreateSink()], options: Options("s1") with { SegmentBytes = 64 << 20 }))
        {
            foreach (var call in Enumerable.Range(0, 20_000).Select(number => Entries.Numbered(number)).Chunk(250))
            {
                await log.AppendAsync(call);
            }

            Faults.Heal();
        }

        var path = Assert.Single(await FilesAsync());
        var properties = (await _container.GetBlobClient(path).GetPropertiesAsync()).Value;
        var mean = properties.ContentLength / properties.BlobCommittedBlockCount;
        Assert.True(mean >= 256 << 10, $"{properties.BlobCommittedBlockCount} blocks of {mean} bytes on average");
    }

    [Fact]
    public async Task Segment_WithAlmostAllItsBlocks_IsFollowedByTheNext()
    {
        await using (var log = Start(
            [new AppendBlobSink(_container, TimeProvider.System) { BlockLimit = 5 }],
            options: Options("s1") with
            {
                SegmentBytes = 64 << 20,
                Mode = AuditMode.DurableInSink,
                SinkPatience = TimeSpan.FromMinutes(10),
                CloseTimeout = TimeSpan.FromSeconds(5),
            }))
        {
            // A segment that is not ended takes no more blocks, and its records wait for ever.
            using var ended = new CancellationTokenSource();
            var limit = Task.Delay(Limit, TimeProvider.System, ended.Token);
            for (var number = 0; number < 40; number++)
            {
                var answer = log.AppendAsync(Entries.Numbered(number));
                Assert.True(await Task.WhenAny(answer, limit) == answer, $"record {number} is not taken: its segment has all its blocks, and was not ended");
                Assert.Equal(AuditOutcome.Durable, (await answer).Outcome);
            }

            await ended.CancelAsync();
        }

        Assert.True((await FilesAsync()).Count >= 3, "no segment was ended by its number of blocks");
        Assert.Equal(Enumerable.Range(0, 40), (await NumbersAsync()).Order());
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Silo_TakenForDead_IsFencedOffAndItsRestShippedByItsNextStart()
    {
        var options = Options("s1") with { SegmentBytes = 64 << 20, CloseTimeout = TimeSpan.FromSeconds(5) };
        var accepted = new List<int>();
        await using (var zombie = Start([CreateSink()], options: options))
        {
            await AppendAsync(zombie, 0);
            await ReadableAsync(zombie);
            var done = await new OrphanSealer(_container, Ledger, Verification.SampleLog.Key, TimeProvider.System)
                .SealAsync(DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime), segment => segment.Id.Silo == "s1", CancellationToken.None);
            Assert.Single(done);

            AuditAppend answer;
            var number = 1;
            while ((answer = await zombie.AppendAsync(Entries.Numbered(number))).Outcome is AuditOutcome.Durable)
            {
                accepted.Add(number++);
                Assert.True(number < 100_000, "the silo goes on after its segment was sealed by another");
            }

            Assert.Contains("fenced", answer.Reason, StringComparison.Ordinal);
        }

        await using (Start([CreateSink()], options: options with { Generation = 8 }))
        {
        }

        Assert.Equal([0, .. accepted], (await NumbersAsync()).Order());
        await AssertSoundAsync();
    }

    internal override async Task PutAsync(string path, byte[] content)
    {
        await _container.CreateIfNotExistsAsync();
        var blob = _container.GetAppendBlobClient(path);
        await blob.CreateAsync();
        foreach (var block in content.Chunk(4 << 20))
        {
            await blob.AppendBlockAsync(new MemoryStream(block));
        }
    }

    private static async Task AppendAsync(AuditLog log, int number) =>
        Assert.Equal(AuditOutcome.Durable, (await log.AppendAsync(Entries.Numbered(number))).Outcome);

    private static async Task ReadableAsync(AuditLog log)
    {
        var readable = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        log.Readable += position =>
        {
            if (position.Sequence > 0)
            {
                readable.TrySetResult();
            }
        };
        if (log.Status.Shipped == 0)
        {
            await readable.Task;
        }
    }

    private BlobContainerClient Faulty()
    {
        var options = new BlobClientOptions { Transport = new FaultyTransport(Faults) };
        options.Retry.MaxRetries = 0;
        options.Retry.NetworkTimeout = TimeSpan.FromSeconds(2.5);
        return new BlobContainerClient(azurite.ConnectionString, _container.Name, options);
    }
}
