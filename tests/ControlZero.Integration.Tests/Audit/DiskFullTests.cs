using System.Diagnostics;
using System.Globalization;
using ControlZero.Client;
using ControlZero.Integration.Tests.Processes;
using ControlZero.Protocol.V1;
using ControlZero.Servers.Audit;
using Grpc.Core;
using Xunit.Abstractions;

namespace ControlZero.Integration.Tests.Audit;

/// <summary>
/// A real server on a small real disk (tmpfs in a mount namespace of its own) that is full: what cannot be recorded is not answered, nothing that was answered
/// is lost, and it goes on by itself when there is room. <c>tests/audit outage</c> is the long form.
/// </summary>
public sealed class DiskFullTests(ITestOutputHelper output) : IDisposable
{
    private const int Some = 300;

    // Far more than what fits into the log's file of 1 MiB that is there already.
    private const int Most = 20_000;

    private readonly ScratchDirectory _scratch = new();
    private readonly List<ReceivedAnswer> _received = [];
    private readonly HashSet<string> _lost = [];
    private int _asked;
    private int _ended;

    [Fact]
    public async Task Answers_OnAFullDisk_AreRefusedAndNoneIsLost()
    {
        var (data, kept) = (_scratch.At("data"), _scratch.At("kept"));
        var key = (await ChildProcess.RunAsync(Repository.Server, ["new-key"])).With(exitCode: 0).Output.Trim();
        Directory.CreateDirectory(data);
        Directory.CreateDirectory(kept);
        await File.WriteAllTextAsync(Path.Combine(kept, "admin.key"), key);
        string[] command = [.. Environment.IsPrivilegedProcess ? (string[])[] : ["--map-root-user"], "--mount", "--", Path.Combine(AppContext.BaseDirectory, "on-small-disk"), "64m", data, kept, Repository.Server];
        string[] arguments = [.. ServerProcess.Arguments(data), "--unknown-agents", "allow"];
        var settings = new Dictionary<string, string> { ["CONTROLZERO__AUDIT__SEGMENTMEGABYTES"] = "1" };
        await using var server = ChildProcess.Start("unshare", [.. command, .. arguments], settings);
        var url = (await server.WaitForLineAsync("  gRPC    "))["  gRPC    ".Length..];
        await server.WaitForLineAsync("  health  ");
        using var client = new ControlZeroClient(new ControlZeroClientOptions { Url = url, ApiKey = key, Timeout = TimeSpan.FromSeconds(60), MaxAttempts = 1 });
        await AskAsync(client, Some);
        Assert.Empty(_lost);

        await server.SignalAsync("USR1");
        await server.WaitForLineAsync("full");
        while (_lost.Count == 0)
        {
            Assert.True(_asked < Most, "the disk is full, and the server answers on");
            await AskAsync(client, Some);
        }

        var (full, before) = (TimeProvider.System.GetTimestamp(), ResidentBytes(server));
        do
        {
            await AskAsync(client, Some);
        }
        while (TimeProvider.System.GetElapsedTime(full) < OutageLength.AtLeast);

        var (refused, lasted, growth) = (_lost.Count, TimeProvider.System.GetElapsedTime(full), ResidentBytes(server) - before);
        await server.SignalAsync("USR2");
        await server.WaitForLineAsync("room");
        await Until.TrueAsync(
            async () =>
            {
                var answers = _received.Count;
                await AskAsync(client, 1);
                return _received.Count > answers;
            },
            "it answered again");
        await AskAsync(client, Some);
        (await server.TerminateAsync()).With(exitCode: 0);

        var findings = AuditChecker.Check(_received, _lost, LoggedEvents.Read([kept]));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{_asked} asked, {refused} refused in {lasted.TotalSeconds:0} s on the full disk, {growth / 1e6:0} MB more memory than the {before / 1e6:0} before: {findings}"));
        Assert.Empty(findings.Faults);
        Assert.True(growth <= SinkOutageTests.MostGrowth, $"memory grew by {growth} bytes");
        (await ChildProcess.RunAsync(Repository.Cli, ["audit", "verify", kept])).With(exitCode: 0);
    }

    public void Dispose() => _scratch.Dispose();

    // The server is a child of the script that gives it its disk.
    private static long ResidentBytes(ChildProcess script)
    {
        var child = File.ReadAllText($"/proc/{script.Id}/task/{script.Id}/children").Split(' ')[0];
        using var server = Process.GetProcessById(int.Parse(child, CultureInfo.InvariantCulture));
        return server.WorkingSet64;
    }

    private async Task AskAsync(ControlZeroClient client, int count)
    {
        for (var number = 0; number < count; number++)
        {
            var request = new EnforceRequest { RequestId = $"r{_asked++}", AgentId = "bot", Action = "llm.generate", Resource = "model/a" };
            try
            {
                _received.Add(AuditLoad.ReceivedAs(request, await client.Enforcement.EnforceAsync(request), "default"));
            }
            catch (ControlZeroException failure)
            {
                // An answer that was written and waited at the connection when the disk became full ended the connection with itself. One at most: calls wait for themselves from then on.
                if (failure.Reason != "AUDIT_UNAVAILABLE")
                {
                    Assert.Equal((StatusCode.Unavailable, 1), (failure.StatusCode, ++_ended));
                }

                _lost.Add(request.RequestId);
            }
        }
    }
}
