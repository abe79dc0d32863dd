using System.Globalization;
using ControlZero.Chaos.Faults;
using ControlZero.Chaos.Load;
using ControlZero.Chaos.Logs;
using ControlZero.Chaos.Records;
using ControlZero.Chaos.Reports;
using ControlZero.Servers.Cluster;

namespace ControlZero.Chaos;

/// <summary>One run: servers, load, faults, and then the checkers over the record.</summary>
/// <param name="options">What it is to be.</param>
/// <param name="progress">Where it tells how far it is.</param>
internal sealed class ChaosRun(ChaosOptions options, TextWriter progress)
{
    private const int Silos = 3;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1.5);

    // What another build may not know yet, or keep as this one does, is used when an upgrade is over: front doors without a silo, limits, suspended
    // models, keys that are revoked.
    private bool HasOneBuild => options.OtherServer.Length == 0;

    // A build without the assembly of the log has no log.
    private bool HasLogs => HasOneBuild || File.Exists(Path.Combine(Path.GetDirectoryName(options.OtherServer)!, "ControlZero.Audit.dll"));

    // In one container both builds meet in every file: segments, the ledger, and the indexes that each makes in its own way.
    private bool HasSharedLog => !HasOneBuild && HasLogs && options.Setup == "azure";

    private int FrontDoors => HasOneBuild ? 1 : 0;

    /// <summary>Runs it.</summary>
    public async Task<ChaosReport> RunAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(options.Folder);
        var path = Path.Combine(options.Folder, "record.jsonl");
        var plan = FaultPlan.Make(options.Faults, options.Setup == "embedded" ? 1 : Silos + FrontDoors, options.Time, options.Seed);
        using (var record = new RecordWriter(path, TimeProvider.System))
        {
            Say(record, $"starting servers on {options.Setup}; everything goes to {options.Folder}");
            await using var cluster = await ServerCluster.StartAsync(
                new ServerClusterOptions
                {
                    Program = options.Server,
                    Directory = options.Folder,
                    Setup = options.Setup,
                    Servers = Silos,
                    FrontDoors = FrontDoors,
                    PrivateNetwork = options.PrivateNetwork,
                    Settings = Settings(),
                },
                cancellationToken);
            await InjectAllAsync(cluster, plan, record, cancellationToken);
            await StopAllAsync(cluster, record, cancellationToken);
            if (HasSharedLog)
            {
                await LogFiles.DownloadAsync(cluster, cancellationToken);
            }
        }

        await progress.WriteLineAsync("checking the record and the servers' logs");
        string[] notRun = [.. options.NotRun, .. plan.LeftOut.Select(pair => $"{pair.Kind.Name} in phase {pair.Phase}: no time for it, --seconds is too short")];
        return await ChaosReport.ReadAsync($"{options.Setup}, seed {options.Seed}", path, notRun);
    }

    private Dictionary<string, string> Settings()
    {
        var settings = HasSharedLog ? LogFiles.SettingsOfShared.ToDictionary() : [];
        if (options.ServerBound is { } bound)
        {
            settings["CONTROLZERO__FRESHNESS__BOUND"] = bound;
        }

        return settings;
    }

    private async Task InjectAllAsync(ServerCluster cluster, FaultPlan plan, RecordWriter record, CancellationToken cancellationToken)
    {
        var calls = new RecordedCalls(record);
        var servers = cluster.All.Count;
        using var tenants = await ChaosTenants.CreateAsync(cluster, record, limits: HasOneBuild, cancellationToken);
        List<TenantWriter> writers = [.. tenants.Turning.Select(tenant => new TenantWriter(calls, tenant, servers, models: HasOneBuild, options.Seed + tenant.Id[^1]))];
        var halter = new TenantHalter(calls, tenants.Halted, tenants.Operators, options.Seed);
        List<KeyHolders> holders = HasOneBuild ? [new KeyHolders(calls, tenants.Turning, servers, options.Seed)] : [];
        using var readers = new LogReaders(calls, tenants.Turning, servers, options.Seed);
        List<LogReaders> reading = !HasOneBuild && HasLogs ? [readers] : [];
        await Task.WhenAll(
        [
            halter.BeginAsync(),
            .. holders.Select(holder => holder.BeginAsync()),
            .. reading.Select(reader => reader.BeginAsync()),
            .. tenants.Spending.Select(tenant => PolicyOfTenant.PublishAsync(calls, tenant, Spenders.Policy)),
            .. writers.Select(writer => writer.BeginAsync()),
        ]);
        await using var keeper = new ServerKeeper(cluster, record);
        var probe = new RecoveryProbe(calls, tenants.All, servers, ChaosOptions.Patience, () => keeper.IsStarting);
        Expect(await probe.WaitAsync(TimeSpan.Zero, cancellationToken) is not null, "the servers do not answer before the first fault");

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        keeper.Begin();
        foreach (var (kind, phase) in plan.Faults.Select(fault => (fault.Kind, fault.Phase)).Distinct())
        {
            record.Write(new RecordLine { Kind = LineKind.Plan, At = record.Now, Fault = kind.Name, Phase = phase, IsOfLoglessBuild = !HasLogs });
        }

        var load = Task.WhenAll(
        [
            new Askers(calls, tenants.Turning, servers, options.Seed).RunAsync(over.Token),
            new Askers(calls, tenants.Halted, servers, options.Seed + 1_000, ofOneServer: 2, ofOneTenant: 1).RunAsync(over.Token),
            halter.RunAsync(over.Token),
            .. holders.Select(holder => holder.RunAsync(over.Token)),
            .. tenants.Spending.Select(tenant => new Spenders(calls, tenant, servers, options.Seed).RunAsync(over.Token)),
            .. writers.Select(writer => writer.RunAsync(over.Token)),
            .. reading.Select(reader => reader.RunAsync(over.Token)),
        ]);
        var injector = new FaultInjector(cluster, keeper, writers, probe, calls) { OtherProgram = options.OtherServer };
        await Task.WhenAny(load, InjectAsync(plan, injector, record, over.Token)).Unwrap();
        await probe.FinishAsync(cancellationToken);
        await over.CancelAsync();
        await load;
        await Task.WhenAll(reading.Select(reader => reader.FinishAsync()));
    }

    // Whoever ended by himself is started once more: what he had not written into his log when he ended, he writes then.
    private async Task StopAllAsync(ServerCluster cluster, RecordWriter record, CancellationToken cancellationToken)
    {
        Say(record, "stopping all servers, so that their logs are whole");
        foreach (var server in cluster.All)
        {
            if (!server.IsRunning)
            {
                await server.StartAsync(cancellationToken);
            }

            var code = await server.StopAsync().WaitAsync(ChaosOptions.Patience, TimeProvider.System, cancellationToken);
            Expect(code == 0, $"server {server.Number} was told to stop at the end and ended with {code}: {server.Tail()}");
        }
    }

    private async Task InjectAsync(FaultPlan plan, FaultInjector injector, RecordWriter record, CancellationToken stop)
    {
        var random = new Random(options.Seed);
        var number = 0;
        foreach (var fault in plan.Faults)
        {
            await Task.Delay(Settling, TimeProvider.System, stop);
            Say(record, FormattableString.Invariant($"{++number} of {plan.Faults.Count}: {fault.Kind.Name}, {fault.Phase}, server {fault.Server}, {fault.Length.TotalSeconds:0.0} s; {record.Calls} calls so far"));
            await injector.InjectAsync(fault, random, stop);
        }

        await Task.Delay(Settling, TimeProvider.System, stop);
    }

    private static void Expect(bool happened, string otherwise)
    {
        if (!happened)
        {
            throw new ChaosException(otherwise);
        }
    }

    private void Say(RecordWriter record, string what) =>
        progress.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{record.Now / 1e6,6:0.0} s  {what}"));
}
