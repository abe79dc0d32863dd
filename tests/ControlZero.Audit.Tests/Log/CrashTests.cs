using System.Collections.Concurrent;
using ControlZero.Audit.Log;
using ControlZero.Audit.Sinks;
using ControlZero.Audit.Tests.Sinks;
using ControlZero.Audit.Tests.Wal;

namespace ControlZero.Audit.Tests.Log;

/// <summary>Power cuts: the disk forgets what was not flushed.</summary>
public sealed class CrashTests : IDisposable
{
    private const int Seeds = 40;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Crash_AtAnyMoment_LosesNothingThatWasAcknowledged()
    {
        var forgotten = 0;
        for (var seed = 0; seed < Seeds; seed++)
        {
            var (lost, torn) = await LoseAsync(seed, ignoresFlushes: false);
            Assert.True(lost.Count == 0, $"seed {seed}: events {string.Join(", ", lost)} were acknowledged and are gone");
            forgotten += torn;
        }

        Assert.True(forgotten > 0, "no crash met an unflushed write: the test shows nothing");
    }

    // The mutant: the same without its flush.
    [Fact]
    public async Task Crash_OfADiskThatFlushesNothing_IsSeenToLoseEvents()
    {
        var lost = 0;
        for (var seed = 0; seed < Seeds; seed++)
        {
            lost += (await LoseAsync(seed, ignoresFlushes: true)).Lost.Count;
        }

        Assert.True(lost > 0, "without a flush nothing was lost: the test cannot fail");
    }

    [Fact]
    public async Task Batch_WhoseFlushFailed_IsRefusedAndTheChainGoesOn()
    {
        var disk = new ForgetfulDisk(1);
        await using (var log = AuditLog.Start(Options("s2"), disk, [new LocalFileSink(_folder.Path)], null, TimeProvider.System))
        {
            await log.AppendAsync(Entries.Numbered(1));
            disk.FailsNextFlush = true;
            var refused = await log.AppendAsync(Entries.Numbered(2));
            Assert.False(log.IsPrompt);
            AuditAppend answer;
            do
            {
                answer = await log.AppendAsync(Entries.Numbered(3));
            }
            while (answer.Outcome is not AuditOutcome.Durable);

            Assert.True(log.IsPrompt);
            Assert.Equal(AuditOutcome.Unavailable, refused.Outcome);
            Assert.Contains("the disk says no", refused.Reason, StringComparison.Ordinal);
        }

        Assert.Equal([1, 3], Entries.ReadBack(_folder.Path));
    }

    // The first segment's refused batch reached the disk after all; the second segment, begun without it, says so.
    [Fact]
    public async Task Batch_ThatWasRefusedAndIsFoundAfterTheCrash_IsCut()
    {
        var disk = new ForgetfulDisk(1);
        var log = AuditLog.Start(Options("s1"), disk, [new DeafSink()], null, TimeProvider.System);
        await log.AppendAsync(Entries.Numbered(1));
        disk.FailsNextFlush = true;
        await log.AppendAsync(Entries.Numbered(2));
        while ((await log.AppendAsync(Entries.Numbered(3))).Outcome is not AuditOutcome.Durable)
        {
        }

        for (var seed = 0; seed < 10; seed++)
        {
            using var folder = new TemporaryFolder();
            await using (AuditLog.Start(Options("s2"), disk.Crash(), [new LocalFileSink(folder.Path)], null, TimeProvider.System))
            {
            }

            Assert.Equal([1, 3], Entries.ReadBack(folder.Path));
        }

        await log.DisposeAsync();
    }

    // Gives the acknowledged events that are not in the recovered log.
    private static async Task<(IReadOnlyList<int> Lost, int Forgotten)> LoseAsync(int seed, bool ignoresFlushes)
    {
        using var folder = new TemporaryFolder();
        var disk = new ForgetfulDisk(seed, ignoresFlushes, crashAtWrite: new Random(seed).Next(20, 200));
        var log = AuditLog.Start(Options("s1"), disk, [new DeafSink()], null, TimeProvider.System);
        var acknowledged = new ConcurrentBag<int>();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(caller => Task.Run(async () =>
        {
            for (var number = caller; disk.After is null; number += 8)
            {
                // What is heard after the crash counts for nothing.
                if ((await log.AppendAsync(Entries.Numbered(number))).Outcome is AuditOutcome.Durable && disk.After is null)
                {
                    acknowledged.Add(number);
                }
            }
        })));
        await log.DisposeAsync();

        await using (AuditLog.Start(Options("s2"), disk.After!, [new LocalFileSink(folder.Path)], null, TimeProvider.System))
        {
        }

        return ([.. acknowledged.Except(Entries.ReadBack(folder.Path))], disk.Forgotten);
    }

    private static AuditLogOptions Options(string silo) =>
        new() { Silo = silo, Generation = 7, WalDirectory = "", SegmentBytes = 64 << 10, CloseTimeout = silo == "s1" ? TimeSpan.Zero : TimeSpan.FromSeconds(30) };
}
