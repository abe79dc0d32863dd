using ControlZero.Audit.Format.Ledger;
using ControlZero.Audit.Ledger;
using ControlZero.Audit.Log;
using ControlZero.Audit.Sinks;
using ControlZero.Audit.Tests.Log;

namespace ControlZero.Audit.Tests.Verification;

/// <summary>A log that the real writer wrote: two silos, three tenants, several segments each, a checkpoint in the middle of one.</summary>
internal static class SampleLog
{
    public static readonly LedgerKey Key = LedgerKey.Generate();

    private static readonly string[] Tenants = ["acme", "globex", "initech"];

    public static async Task<MemoryArchive> WriteAsync(LedgerKey? key, int events = 60)
    {
        using var folder = new TemporaryFolder();
        foreach (var silo in new[] { "s1", "s2" })
        {
            using var keeper = new LedgerKeeper(new LocalLedgerStore(folder.Path, TimeProvider.System), key, TimeSpan.Zero, TimeProvider.System);
            var options = new AuditLogOptions { Silo = silo, Generation = 7, WalDirectory = folder.Wal, SegmentBytes = 6 << 10 };
            await using var log = AuditLog.Start(options, [new LocalFileSink(folder.Path)], keeper, TimeProvider.System);
            for (var number = 0; number < events; number += 3)
            {
                await log.AppendAsync([.. Tenants.Select((tenant, index) => Entries.Numbered(number + index, tenant, padding: 40))]);
            }
        }

        return MemoryArchive.Load(folder.Path);
    }
}
