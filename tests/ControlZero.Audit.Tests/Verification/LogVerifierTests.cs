using System.Text;
using ControlZero.Audit.Format.Archive;
using ControlZero.Audit.Format.Ledger;
using ControlZero.Audit.Format.Lines;
using ControlZero.Audit.Format.Verification;
using ControlZero.Audit.Ledger;
using ControlZero.Audit.Log;
using ControlZero.Audit.Sinks;
using ControlZero.Audit.Tests.Log;

namespace ControlZero.Audit.Tests.Verification;

public sealed class LogVerifierTests
{
    [Fact]
    public async Task Finding_OfAChangedBody_NamesFileAndLine()
    {
        var log = await SampleLog.WriteAsync(key: null);
        var file = log.Files.Keys.First(path => path.StartsWith("audit/", StringComparison.Ordinal));
        var lines = Encoding.UTF8.GetString(log.Files[file]).Split('\n');
        lines[3] = lines[3].Replace("padding", "Padding", StringComparison.Ordinal);
        log.Files[file] = Encoding.UTF8.GetBytes(string.Join('\n', lines));

        var report = await VerifyAsync(log);

        Assert.Equal(new VerifyFinding(file, 4, "was changed: its hash differs") { Code = FindingCode.LineChanged, Sequence = 3 }, Assert.Single(report.Findings));
        Assert.Equal($"{file}:4: was changed: its hash differs", report.Findings[0].ToString());
    }

    [Fact]
    public async Task Log_ThatIsBeingWritten_PassesAndSaysWhatNoCheckpointCovers()
    {
        using var folder = new TemporaryFolder();
        using var keeper = new LedgerKeeper(new LocalLedgerStore(folder.Path, TimeProvider.System), null, TimeSpan.FromDays(1), TimeProvider.System);
        var sink = new WatchedReadable();
        await using var log = AuditLog.Start(new AuditLogOptions { Silo = "s1", WalDirectory = folder.Wal }, [new LocalFileSink(folder.Path)], keeper, TimeProvider.System);
        log.Readable += sink.On;
        for (var number = 0; number < 10; number++)
        {
            await log.AppendAsync(Entries.Numbered(number));
        }

        await sink.ReachedAsync(10);
        while (keeper.Pending > 0)
        {
            await Task.Yield();
        }

        var report = await LogVerifier.VerifyAsync(new LocalArchive(folder.Path), new VerifyOptions(), TimeProvider.System, null, CancellationToken.None);

        Assert.True(report.IsSound, string.Join('\n', report.Findings));
        Assert.Equal((10, 10), (report.Records, report.Uncovered));
    }

    [Fact]
    public async Task Ledger_CutOff_IsFoundByAHeadKeptElsewhere()
    {
        var log = await SampleLog.WriteAsync(SampleLog.Key);
        Assert.True(ChainHash.TryParse((await VerifyAsync(log)).LedgerHead, out var head));
        var ledger = log.Files["ledger/00000000.jsonl"];
        log.Files["ledger/00000000.jsonl"] = ledger[..(ledger.AsSpan(..^1).LastIndexOf((byte)'\n') + 1)];

        var report = await VerifyAsync(log, new VerifyOptions { Keys = [SampleLog.Key.Public], KnownHead = head });

        Assert.Contains(report.Findings, finding => finding.What.Contains("was cut off or written anew", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(2, 2, 0)]
    [InlineData(-1, 0, 1)]
    [InlineData(int.MaxValue, null, 1)]
    public async Task Ledger_SignedFromSomeRecordOn_IsSoundAndALaterGapIsNot(int withoutSignature, int? unsigned, int findings)
    {
        // A signature is not in the hash: these are the records as an unsigned server would have written them. -1: the last one alone.
        var log = await SampleLog.WriteAsync(SampleLog.Key);
        var (lines, previous, ledger) = (Encoding.UTF8.GetString(log.Files["ledger/00000000.jsonl"]).TrimEnd('\n').Split('\n'), default(ChainHash), new List<byte>());
        for (var number = 0; number < lines.Length; number++)
        {
            Assert.True(LedgerLine.TryParse(Encoding.UTF8.GetBytes(lines[number]), out var line));
            var isSigned = withoutSignature < 0 ? number < lines.Length - 1 : number >= withoutSignature;
            ledger.AddRange(LedgerLine.Write(previous, Encoding.UTF8.GetString(line.Content), isSigned ? SampleLog.Key : null, out previous));
        }

        log.Files["ledger/00000000.jsonl"] = [.. ledger];

        var report = await VerifyAsync(log, new VerifyOptions { Keys = [SampleLog.Key.Public] });

        Assert.Equal((unsigned ?? lines.Length, findings), (report.Unsigned, report.FindingCount));
        Assert.All(report.Findings, finding => Assert.Equal(FindingCode.Signature, finding.Code));
        Assert.True(report.Checkpoints >= report.SignedCheckpoints);
        Assert.Equal(unsigned is null, report.SignedCheckpoints == 0);
    }

    [Fact]
    public async Task Progress_OfAVerification_EndsWithAllBytes()
    {
        var log = await SampleLog.WriteAsync(key: null);
        var seen = new List<VerifyProgress>();

        var report = await LogVerifier.VerifyAsync(log, new VerifyOptions(), TimeProvider.System, new Collector(seen), CancellationToken.None);

        Assert.Equal(report.Segments, seen.Select(progress => progress.File).Distinct().Count());
        Assert.Equal(seen[^1].TotalBytes, seen[^1].Bytes);
        Assert.Equal(log.Files.Values.Sum(bytes => (long)bytes.Length), report.Bytes);
    }

    // `openssl genpkey -algorithm ed25519` made it.
    [Fact]
    public void Key_OfOpenssl_SignsAndIsReadBack()
    {
        const string Pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIBtf/oTOHLtOkzGNmQXLq0pro9TDO6NT0M96No/due5u\n-----END PRIVATE KEY-----\n";

        var key = LedgerKey.FromPem(Pem);

        Assert.Equal(key.Public.Id, LedgerKey.FromPem(key.ToPem()).Public.Id);
        Assert.Equal(key.Public.Id, LedgerPublicKey.FromPem(key.Public.ToPem()).Id);
        Assert.Throws<FormatException>(() => LedgerKey.FromPem(key.Public.ToPem()));
        Assert.Throws<FormatException>(() => LedgerPublicKey.FromPem("no key"));
    }

    private static Task<VerifyReport> VerifyAsync(MemoryArchive log, VerifyOptions? options = null) =>
        LogVerifier.VerifyAsync(log, options ?? new VerifyOptions(), TimeProvider.System, null, CancellationToken.None);

    private sealed class Collector(List<VerifyProgress> seen) : IProgress<VerifyProgress>
    {
        public void Report(VerifyProgress value) => seen.Add(value);
    }

    private sealed class WatchedReadable
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _sequence;
        private long _goal = long.MaxValue;

        public void On(AuditPosition position)
        {
            Volatile.Write(ref _sequence, position.Sequence);
            if (position.Sequence >= Volatile.Read(ref _goal))
            {
                _reached.TrySetResult();
            }
        }

        public Task ReachedAsync(long sequence)
        {
            Volatile.Write(ref _goal, sequence);
            Interlocked.MemoryBarrier();
            return Volatile.Read(ref _sequence) >= sequence ? Task.CompletedTask : _reached.Task;
        }
    }
}
