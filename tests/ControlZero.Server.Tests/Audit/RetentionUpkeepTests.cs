using System.Text;
using ControlZero.Abstractions.Tenants;
using ControlZero.Audit.Ledger;
using ControlZero.Audit.Log;
using ControlZero.Audit.Retention;
using ControlZero.Audit.Sinks;
using ControlZero.Server.Audit.Keeping;
using ControlZero.Server.Tests.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ControlZero.Server.Tests.Audit;

public sealed class RetentionUpkeepTests : IDisposable
{
    private const string Word = "to-be-forgotten";

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("cz-retention-");

    [Fact]
    public async Task Bodies_ThatAreDue_AreDroppedAMinuteAfterTheStart()
    {
        var file = await WriteAsync();
        var clock = new FakeTimeProvider();
        using var upkeep = new RetentionUpkeep(
            new RetentionKeeper(new LocalRetainedStore(_root.FullName), new LocalLedgerStore(_root.FullName, TimeProvider.System), key: null, TimeProvider.System),
            new AuditRetentionSettings { Age = TimeSpan.FromTicks(1) }.ToOptions(),
            silos: null,
            NullLogger<RetentionUpkeep>.Instance,
            clock);
        await upkeep.StartAsync(CancellationToken.None);
        Assert.Contains(Word, await File.ReadAllTextAsync(file), StringComparison.Ordinal);

        await Until.TrueAsync(
            () =>
            {
                clock.Advance(TimeSpan.FromMinutes(1));
                return !File.ReadAllText(file).Contains(Word, StringComparison.Ordinal);
            },
            "the body was dropped");
        await upkeep.StopAsync(CancellationToken.None);
    }

    [Fact]
    public void Settings_OfNothing_KeepEverything() => Assert.Equal((false, new RetentionOptions()), (new AuditRetentionSettings().IsOn, new AuditRetentionSettings().ToOptions()));

    public void Dispose() => _root.Delete(recursive: true);

    private async Task<string> WriteAsync()
    {
        var options = new AuditLogOptions { Silo = "s1", Generation = 7, WalDirectory = Path.Combine(_root.FullName, "wal") };
        await using (var log = AuditLog.Start(options, [new LocalFileSink(_root.FullName)], ledger: null, TimeProvider.System))
        {
            var entry = new AuditEntry(TenantId.Parse("acme"), TimeProvider.System.GetUtcNow(), Encoding.UTF8.GetBytes($"{{\"word\":\"{Word}\"}}"));
            Assert.True((await log.AppendAsync(entry)).IsAccepted);
        }

        return Assert.Single(Directory.EnumerateFiles(Path.Combine(_root.FullName, "audit"), "*.jsonl", SearchOption.AllDirectories));
    }
}
