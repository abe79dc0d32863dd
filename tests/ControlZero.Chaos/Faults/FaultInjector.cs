using ControlZero.Chaos.Load;
using ControlZero.Chaos.Records;
using ControlZero.Servers.Cluster;
using ControlZero.Servers.Network;

namespace ControlZero.Chaos.Faults;

/// <summary>Injects one fault after the other, each when what it is to meet is under way, and waits until everything is answered again.</summary>
/// <param name="cluster">What they happen to.</param>
/// <param name="keeper">Told which servers are down on purpose.</param>
/// <param name="writers">Made to do what a phase wants.</param>
/// <param name="probe">Looks whether everything is answered.</param>
/// <param name="calls">Knows what is under way, and where it is written.</param>
internal sealed class FaultInjector(
    ServerCluster cluster, ServerKeeper keeper, IReadOnlyList<TenantWriter> writers, RecoveryProbe probe, RecordedCalls calls)
{
    // A change is under way for some milliseconds; the fault shall meet it at another point each time.
    private const double LatestAfterSending = 3;

    // Every thread of a process is stopped by then.
    private static readonly TimeSpan SignalTime = TimeSpan.FromMilliseconds(100);

    private readonly RecordWriter _record = calls.Record;

    /// <summary>The other build's program, for upgrades. Empty: there is none.</summary>
    public string OtherProgram { get; init; } = "";

    /// <summary>Injects one.</summary>
    public async Task InjectAsync(PlannedFault fault, Random random, CancellationToken stop)
    {
        var at = await PhaseAsync(fault.Phase, random, stop);
        var line = new RecordLine
        {
            Kind = LineKind.Fault,
            At = at,
            Id = _record.NextId(),
            Fault = fault.Kind.Name,
            Phase = fault.Phase,
            Server = fault.Server,
            Text = fault.Kind == FaultKind.Partition ? $"{new NetworkPlace(fault.Server)} to {new NetworkPlace(fault.Target)}" : "",
        };
        void Begun()
        {
            _record.Write(line);
            Only(null);
        }

        switch (fault.Kind.Name)
        {
            case "kill":
                await KillAsync(cluster.All[fault.Server - 1], fault.Length, Begun, stop);
                break;
            case "pause":
                await PauseAsync(cluster.All[fault.Server - 1], fault.Length, Begun, stop);
                break;
            case "term":
                await TermAsync(cluster.All[fault.Server - 1], fault.Length, Begun, stop);
                break;
            case "rolling":
                Begun();
                await RollAsync(program: null, stop);
                break;
            case "upgrade":
                Begun();
                await UpgradeAsync(stop);
                break;
            case "storage":
                await StopStorageAsync(fault.Length, Begun, stop);
                break;
            case "isolate":
                await CutAsync(fault, [.. Others(fault.Server).SelectMany(other => new[] { (fault.Server, other), (other, fault.Server) })], Begun, stop);
                break;
            case "door":
                await CutAsync(fault, [(fault.Server, NetworkPlace.Storage.Server), (NetworkPlace.Storage.Server, fault.Server)], Begun, stop);
                break;
            default:
                await CutAsync(fault, [(fault.Server, fault.Target)], Begun, stop);
                break;
        }

        _record.Write(new RecordLine { Kind = LineKind.Healed, At = _record.Now, Id = line.Id });
        if (await probe.WaitAsync(fault.Kind.TimeToLearn, stop) is { } recovered)
        {
            _record.Write(new RecordLine { Kind = LineKind.Recovered, At = recovered, Id = line.Id });
        }
    }

    private void Only(Operation? operation)
    {
        foreach (var writer in writers)
        {
            writer.Only = operation;
        }
    }

    // Returns a moment at which such a change was under way, just now; of no phase, the present. A change takes milliseconds, and so may the wait on a
    // busy machine: one that was over by then is let go, and the next one waited for.
    private async Task<long> PhaseAsync(string phase, Random random, CancellationToken stop)
    {
        if (!Enum.TryParse<Operation>(phase, out var operation))
        {
            return _record.Now;
        }

        Only(operation);
        while (true)
        {
            await SendingAsync(operation).WaitAsync(stop);
            await Task.Delay(TimeSpan.FromMilliseconds(random.NextDouble() * LatestAfterSending), TimeProvider.System, stop);
            var (before, now) = (calls.UnderWay(operation), _record.Now);
            if (before.Overlaps(calls.UnderWay(operation)))
            {
                return now;
            }
        }
    }

    // Ends when such a change is about to be sent.
    private Task SendingAsync(Operation operation)
    {
        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (var writer in writers)
        {
            writer.Sending = sending =>
            {
                if (sending == operation)
                {
                    sent.TrySetResult();
                }
            };
        }

        return sent.Task;
    }

    private async Task KillAsync(ClusterServer server, TimeSpan down, Action begun, CancellationToken stop)
    {
        keeper.Hold(server);
        begun();
        await server.KillAsync();
        Expect(await server.End == 137, $"server {server.Number} was killed and ended with {await server.End}");
        await Task.Delay(down, TimeProvider.System, stop);
        await keeper.StartAsync(server);
        keeper.Release(server);
    }

    private static async Task PauseAsync(ClusterServer server, TimeSpan paused, Action begun, CancellationToken stop)
    {
        begun();
        server.Pause();
        try
        {
            await Task.Delay(SignalTime, TimeProvider.System, stop);
            Expect(server.IsPaused, $"server {server.Number} was paused and runs");
            await Task.Delay(paused, TimeProvider.System, stop);
        }
        finally
        {
            server.Continue();
        }
    }

    private async Task TermAsync(ClusterServer server, TimeSpan down, Action begun, CancellationToken stop)
    {
        keeper.Hold(server);
        begun();
        _record.Write(new RecordLine { Kind = LineKind.Stopping, At = _record.Now, Server = server.Number });
        var code = await server.StopAsync();
        Expect(code == 0, $"server {server.Number} was told to stop and ended with {code}: {server.Tail()}");
        await Task.Delay(down, TimeProvider.System, stop);
        await keeper.StartAsync(server);
        keeper.Served(server);
        keeper.Release(server);
    }

    private async Task RollAsync(string? program, CancellationToken stop)
    {
        foreach (var server in cluster.All)
        {
            server.Program = program ?? server.Program;
            await TermAsync(server, TimeSpan.Zero, static () => { }, stop);

            // As whoever rolls does: the next one when this one has all that is its.
            await probe.WaitAsync(TimeSpan.Zero, stop);
        }
    }

    private async Task UpgradeAsync(CancellationToken stop)
    {
        var present = cluster.Options.Program;
        await RollAsync(OtherProgram, stop);
        await RollAsync(present, stop);
    }

    private async Task StopStorageAsync(TimeSpan gone, Action begun, CancellationToken stop)
    {
        begun();
        await cluster.Store.StopAsync();
        try
        {
            await Task.Delay(gone, TimeProvider.System, stop);
        }
        finally
        {
            await cluster.Store.RestartAsync(CancellationToken.None);
        }
    }

    // All servers but one, and the storage.
    private IEnumerable<int> Others(int server) => Enumerable.Range(NetworkPlace.Storage.Server, cluster.All.Count + 1).Where(other => other != server);

    private async Task CutAsync(PlannedFault fault, IReadOnlyList<(int From, int To)> links, Action begun, CancellationToken stop)
    {
        begun();
        try
        {
            foreach (var (from, to) in links)
            {
                await cluster.Network.CutAsync(new NetworkPlace(from), new NetworkPlace(to));
            }

            await Task.Delay(fault.Length, TimeProvider.System, stop);
        }
        finally
        {
            await cluster.Network.HealAsync();
        }
    }

    private static void Expect(bool happened, string otherwise)
    {
        if (!happened)
        {
            throw new ChaosException(otherwise);
        }
    }
}
