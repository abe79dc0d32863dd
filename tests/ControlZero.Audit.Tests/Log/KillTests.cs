using ControlZero.Audit.Log;
using ControlZero.Audit.Sinks;

namespace ControlZero.Audit.Tests.Log;

public sealed class KillTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Process_Killed_LeavesEveryAcknowledgedEventToTheNext()
    {
        var acknowledged = new List<int>();
        for (var life = 0; life < 3; life++)
        {
            using var process = WriterProcess.Start(_folder.Path);
            var goal = acknowledged.Count + 3000;
            while (await process.StandardOutput.ReadLineAsync() is { } line)
            {
                acknowledged.Add(int.Parse(line));
                if (acknowledged.Count == goal)
                {
                    process.Kill();
                }
            }

            await process.WaitForExitAsync();
            Assert.True(acknowledged.Count >= goal, "the process ended by itself");
        }

        await using (var log = AuditLog.Start(
            new AuditLogOptions { Silo = "next", WalDirectory = _folder.Wal }, [new LocalFileSink(_folder.Path)], null, TimeProvider.System))
        {
            await log.AppendAsync(Entries.Numbered(-1));
        }

        // The same numbers come in each life, so they are counted. More than was acknowledged is right: those answers were on their way.
        var found = Entries.ReadBack(_folder.Path).CountBy(number => number).ToDictionary();
        Assert.All(acknowledged.CountBy(number => number), pair => Assert.True(found.GetValueOrDefault(pair.Key) >= pair.Value, $"event {pair.Key} is lost"));
        Assert.True(found.Values.Sum() <= acknowledged.Count + 1 + (3 * 32), "more events than callers had asked for");
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_folder.Path, "audit"), "*.open", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Process_KilledWithBufferedEntries_LeavesTheirNumberToTheNext()
    {
        using (var process = WriterProcess.Start(_folder.Path, "accept-and-hold"))
        {
            Assert.Equal("500", await process.StandardOutput.ReadLineAsync());
            process.Kill();
            await process.WaitForExitAsync();
        }

        for (var start = 0; start < 2; start++)
        {
            await using var log = AuditLog.Start(
                new AuditLogOptions { Silo = $"next{start}", WalDirectory = _folder.Wal, Mode = AuditMode.Buffered }, [new LocalFileSink(_folder.Path)], null, TimeProvider.System);
        }

        var gap = Assert.Single(Entries.Lines(_folder.Path), line => line.Kind == "gap");
        Assert.Equal((500, "crash"), (gap.Count, gap.Reason));
    }
}
