using ControlZero.Audit.Format.Lines;
using ControlZero.Audit.Format.Verification;
using Xunit.Abstractions;

namespace ControlZero.Audit.Tests.Verification;

/// <summary>P9: whatever is done to a log below its last checkpoint is found.</summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    private const int Count = 10_000;
    private const int Seed = 20261127;

    [Fact]
    public async Task Log_OfWhichAnythingIsChanged_IsFoundUnsound()
    {
        var log = await SampleLog.WriteAsync(SampleLog.Key);
        var clean = await VerifyAsync(log, knownHead: null);
        Assert.True(clean.IsSound, string.Join('\n', clean.Findings));
        Assert.True(ChainHash.TryParse(clean.LedgerHead, out var head));
        var kinds = Mutations.All.ToArray();
        var (found, missed) = (new int[kinds.Length], new List<string>());

        await Parallel.ForAsync(0, Count, async (number, _) =>
        {
            var kind = number % kinds.Length;
            var mutated = Mutate(log, kinds[kind].Value, new Random(Seed + number));
            var report = await VerifyAsync(mutated, head);
            if (report.IsSound)
            {
                lock (missed)
                {
                    missed.Add($"{number}: {kinds[kind].Key}");
                }
            }
            else
            {
                Interlocked.Increment(ref found[kind]);
            }
        });

        output.WriteLine($"a clean log of {clean.Segments} segments, {clean.Records} records, {clean.LedgerRecords} ledger records passes; seed {Seed}");
        foreach (var (kind, count) in kinds.Zip(found))
        {
            output.WriteLine($"{kind.Key}: {count} found");
        }

        output.WriteLine($"{found.Sum()} of {Count} mutations found");
        Assert.Empty(missed);
    }

    // Some draws change nothing, as exchanging a segment with itself does; another is drawn.
    private static MemoryArchive Mutate(MemoryArchive log, Action<MemoryArchive, Random> mutation, Random random)
    {
        while (true)
        {
            var copy = log.Copy();
            mutation(copy, random);
            if (copy.Files.Count != log.Files.Count || copy.Files.Any(file => !log.Files.TryGetValue(file.Key, out var bytes) || !bytes.AsSpan().SequenceEqual(file.Value)))
            {
                return copy;
            }
        }
    }

    private static Task<VerifyReport> VerifyAsync(MemoryArchive log, ChainHash? knownHead) => LogVerifier.VerifyAsync(
        log, new VerifyOptions { Keys = [SampleLog.Key.Public], KnownHead = knownHead }, TimeProvider.System, null, CancellationToken.None);
}
