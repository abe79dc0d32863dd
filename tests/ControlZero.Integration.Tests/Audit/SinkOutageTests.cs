using System.Globalization;
using ControlZero.Client;
using ControlZero.Integration.Tests.Processes;
using ControlZero.Protocol.V1;
using ControlZero.Servers.Audit;
using ControlZero.Servers.Network;
using Xunit.Abstractions;

namespace ControlZero.Integration.Tests.Audit;

/// <summary>
/// A real server whose container is refused, swallows everything, or is slow, under load: it answers on, what waits does so on its disk and not in its memory,
/// and when the container is back each answer has exactly one event there, equal field by field. <c>tests/audit outage</c> is the long form.
/// </summary>
public sealed class SinkOutageTests(ITestOutputHelper output) : IDisposable
{
    private const int Seed = 20261128;
    private const int CallsInEach = 400;
    private const string Megabytes = "24";

    // Far below what waits on the disk in the long form, and what a .NET server's heap swings by under load in the short one.
    internal const long MostGrowth = 128L << 20;

    private readonly ScratchDirectory _scratch = new();

    [Theory]
    [InlineData(ProxyFault.Refused)]
    [InlineData(ProxyFault.BlackHole)]
    [InlineData(ProxyFault.Slow)]
    public async Task Answers_WhileTheContainerIsAway_AreAllThereWhenItIsBack(ProxyFault fault)
    {
        await using var container = await AuditContainer.StartAsync();
        await using var server = await ServerProcess.StartAsync(_scratch.At("data"), container.Settings);
        using var client = server.Connect();
        var load = new AuditLoad([client], "default", Seed);
        var loading = new TaskCompletionSource();
        var running = load.RunAsync(_ => !loading.Task.IsCompleted);
        await CallsAsync(load, CallsInEach);
        var before = server.ResidentBytes;

        await container.Proxy.SetAsync(fault);
        var begun = TimeProvider.System.GetTimestamp();
        var most = (Resident: 0L, Waiting: 0L);
        var noticed = false;
        await CallsAsync(load, CallsInEach, async () =>
        {
            var log = (await client.Cluster.GetStatusAsync(new GetStatusRequest())).AuditLog;
            most = (Math.Max(most.Resident, server.ResidentBytes), Math.Max(most.Waiting, log.WaitingBytes));
            noticed |= fault == ProxyFault.Slow ? log.WaitingBytes > 0 : log.SinkTrouble.Length > 0;
            return noticed && TimeProvider.System.GetElapsedTime(begun) >= OutageLength.AtLeast;
        });

        await container.Proxy.SetAsync(ProxyFault.None);
        var healed = TimeProvider.System.GetTimestamp();
        await CallsAsync(load, CallsInEach);
        loading.SetResult();
        await running;
        await Until.TrueAsync(
            async () => (await client.Cluster.GetStatusAsync(new GetStatusRequest())).AuditLog is { WaitingBytes: 0, SinkTrouble: "" }, "the container had everything");
        var caughtUp = TimeProvider.System.GetElapsedTime(healed);
        (await server.StopAsync()).With(exitCode: 0);

        var log = await container.DownloadAsync(_scratch.At("log"));
        var findings = AuditChecker.Check(load.Received, load.Lost, LoggedEvents.Read([log]));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{fault}, seed {Seed}, {TimeProvider.System.GetElapsedTime(begun, healed).TotalSeconds:0} s: {findings}; at most {most.Waiting / 1e6:0.0} MB on the disk, " +
                $"{(most.Resident - before) / 1e6:0} MB more memory than the {before / 1e6:0} before, caught up {caughtUp.TotalSeconds:0.0} s after"));
        Assert.Empty(findings.Faults);
        Assert.True(load.Received.Count > load.Lost.Count, $"{load.Received.Count} answers, and {load.Lost.Count} calls without one: it did not answer on");
        Assert.True(most.Resident - before <= MostGrowth, $"memory grew by {most.Resident - before} bytes");
        (await ChildProcess.RunAsync(Repository.Cli, ["audit", "verify", log])).With(exitCode: 0);
    }

    [Fact]
    public async Task Answers_PastWhatMayWait_AreRefusedUntilTheContainerIsBack()
    {
        await using var container = await AuditContainer.StartAsync();
        container.Settings["CONTROLZERO__AUDIT__SPILLMEGABYTES"] = "64";
        container.Settings["CONTROLZERO__AUDIT__SEGMENTMEGABYTES"] = Megabytes;
        await using var server = await ServerProcess.StartAsync(_scratch.At("data"), container.Settings);
        using var client = server.Connect();
        await client.Enforcement.EnforceAsync(Large(0).Requests[0]);
        await container.Proxy.SetAsync(ProxyFault.Refused);

        var (answered, refused) = (new List<string>(), (ControlZeroException?)null);
        for (var number = 0; refused is null; number++)
        {
            Assert.True(number < 400, "more than 64 MiB wait, and the server answers on");
            try
            {
                var batch = await client.Enforcement.EnforceBatchAsync(Large(number));
                answered.AddRange(batch.Results.Where(result => result.Response is not null).Select(result => result.Response.DecisionId));
                answered.Add((await client.Enforcement.EnforceAsync(Large(number).Requests[0])).DecisionId);
            }
            catch (ControlZeroException failure)
            {
                refused = failure;
            }
        }

        Assert.Equal("AUDIT_UNAVAILABLE", refused.Reason);
        Assert.Contains((await client.Cluster.GetStatusAsync(new GetStatusRequest())).Advice, advice => advice.Id == "audit_unavailable");

        await container.Proxy.SetAsync(ProxyFault.None);
        await Until.TrueAsync(
            async () =>
            {
                try
                {
                    answered.Add((await client.Enforcement.EnforceAsync(Large(0).Requests[0])).DecisionId);
                    return true;
                }
                catch (ControlZeroException)
                {
                    return false;
                }
            },
            "it answered again");
        (await server.StopAsync()).With(exitCode: 0);
        var logged = LoggedEvents.Read([await container.DownloadAsync(_scratch.At("log"))]).Select(each => each.Text("decision_id")).ToList();
        Assert.Empty(answered.Except(logged));
        Assert.Equal(logged.Count, logged.Distinct().Count());
    }

    public void Dispose() => _scratch.Dispose();

    // Events of some kilobytes, so that a lot waits soon.
    private static EnforceBatchRequest Large(int number) => new()
    {
        Requests =
        {
            Enumerable.Range(0, 64).Select(item => new EnforceRequest
            {
                RequestId = $"r{number}-{item}-{Guid.NewGuid():N}",
                AgentId = "bot",
                Action = "llm.generate",
                CandidateResources = { Enumerable.Range(0, 8).Select(candidate => $"model/{new string((char)('a' + candidate), 900)}") },
            }),
        },
    };

    private static Task CallsAsync(AuditLoad load, int count, Func<Task<bool>>? and = null)
    {
        var goal = load.Calls + count;
        return Until.TrueAsync(async () => (and is null || await and()) & load.Calls >= goal, $"{count} more calls were made", TimeSpan.FromMinutes(2) + OutageLength.AtLeast);
    }
}
