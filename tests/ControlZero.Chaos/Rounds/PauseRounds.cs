using System.Globalization;
using ControlZero.Chaos.Checking;
using ControlZero.Chaos.Faults;
using ControlZero.Chaos.Load;
using ControlZero.Chaos.Records;
using ControlZero.Client;
using ControlZero.Protocol.V1;
using ControlZero.Servers.Cluster;

namespace ControlZero.Chaos.Rounds;

/// <summary>
/// The worst that can happen to a suspension, again and again: the server that owns the agent is paused before the agent is suspended through
/// another one, and goes on after that was acknowledged. All servers are asked about the agent all the time.
/// </summary>
/// <param name="options">Set-up, seed, servers, folder.</param>
/// <param name="rounds">How often.</param>
/// <param name="progress">Where it tells how far it is.</param>
internal sealed class PauseRounds(ChaosOptions options, int rounds, TextWriter progress)
{
    private const string Tenant = "paused";
    private const int AskersOfOneServer = 3;
    private const double LongestBefore = 0.4;
    private const double LongestAfter = 3;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Tail = TimeSpan.FromMilliseconds(300);
    private static readonly (string Action, string Resource) Question = ("tool:search", "");

    /// <summary>Runs them.</summary>
    public async Task<RoundsReport> RunAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(options.Folder);
        var path = Path.Combine(options.Folder, "record.jsonl");
        using (var record = new RecordWriter(path, TimeProvider.System))
        {
            await progress.WriteLineAsync($"starting servers on {options.Setup}; everything goes to {options.Folder}");
            await using var cluster = await ServerCluster.StartAsync(
                new ServerClusterOptions
                {
                    Program = options.Server, Directory = options.Folder, Setup = options.Setup, PrivateNetwork = options.PrivateNetwork,
                },
                cancellationToken);
            await using var keeper = new ServerKeeper(cluster, record);
            keeper.Begin();
            using var tenant = await CreateTenantAsync(cluster, record, cancellationToken);
            var random = new Random(options.Seed);
            for (var round = 1; round <= rounds; round++)
            {
                await RoundAsync(round, cluster, tenant, new RecordedCalls(record), random, cancellationToken);
            }
        }

        var history = History.Read(path);
        return RoundsReport.Of(path, history, new SuspensionChecker(ChaosOptions.Bound), new StatusChecker());
    }

    private static async Task<ChaosTenant> CreateTenantAsync(ServerCluster cluster, RecordWriter record, CancellationToken cancellationToken)
    {
        using var admin = new ControlZeroClient(new ControlZeroClientOptions { Url = cluster.All[0].Url, ApiKey = cluster.AdminKey, Timeout = TimeSpan.FromSeconds(30) });
        var created = await admin.Tenants.CreateTenantAsync(
            new CreateTenantRequest { TenantId = Tenant, UnknownAgents = "allow", MaxAgents = 10_000 }, cancellationToken: cancellationToken);
        record.Write(new RecordLine { Kind = LineKind.Tenant, At = record.Now, Tenant = Tenant });
        var tenant = new ChaosTenant(Tenant, allowStale: false, agents: 0, created.Key, cluster);
        await UntilAsync(() => PublishAsync(new RecordedCalls(record), tenant), line => line.Kind == LineKind.Ok, "the policy is published", cancellationToken);
        return tenant;
    }

    private async Task RoundAsync(int round, ServerCluster cluster, ChaosTenant tenant, RecordedCalls calls, Random random, CancellationToken stop)
    {
        var record = calls.Record;
        var servers = cluster.All.Count;
        var agent = string.Create(CultureInfo.InvariantCulture, $"round-{round}");
        var paused = 1 + random.Next(servers);
        var other = 1 + ((paused + random.Next(servers - 1)) % servers);

        // Asked there first, so owned there; then by all.
        foreach (var server in Enumerable.Range(0, servers).Select(turn => 1 + ((paused - 1 + turn) % servers)))
        {
            await UntilAsync(() => calls.AskAsync(tenant, server, agent, Question, 0), line => line.Answer is { Allowed: true }, $"server {server} allows {agent}", stop);
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var asking = Task.WhenAll(Enumerable.Range(0, servers * AskersOfOneServer).Select(number => AskAsync(calls, tenant, 1 + (number % servers), agent, over.Token)));
        var fault = new RecordLine { Kind = LineKind.Fault, At = record.Now, Id = record.NextId(), Fault = "pause-suspend", Phase = FaultPlan.Steady, Server = paused };
        record.Write(fault);
        cluster.All[paused - 1].Pause();
        try
        {
            await DelayAsync(random.NextDouble() * LongestBefore, stop);
            await UntilAsync(() => SuspendAsync(calls, tenant, other, agent), line => line.Kind == LineKind.Ok, $"{agent} is suspended", stop);
            await DelayAsync(random.NextDouble() * LongestAfter, stop);
        }
        finally
        {
            cluster.All[paused - 1].Continue();
        }

        record.Write(new RecordLine { Kind = LineKind.Healed, At = record.Now, Id = fault.Id });
        for (var server = 1; server <= servers; server++)
        {
            var asked = server;
            await UntilAsync(() => calls.AskAsync(tenant, asked, agent, Question, 0), line => line.Answer is { Reason: "AGENT_SUSPENDED" }, $"server {server} knows that {agent} is suspended", stop);
        }

        await Task.Delay(Tail, TimeProvider.System, stop);
        await over.CancelAsync();
        await asking;
        record.Write(new RecordLine { Kind = LineKind.Recovered, At = record.Now, Id = fault.Id });
        await progress.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{record.Now / 1e6,6:0.0} s  round {round} of {rounds}: server {paused} was paused; {record.Calls} calls so far"));
    }

    private static Task<RecordLine> PublishAsync(RecordedCalls calls, ChaosTenant tenant) => calls.ChangeAsync(
        tenant,
        new RecordLine { Kind = LineKind.Invoke, At = 0, Operation = Operation.Publish, Server = 1 },
        tenant.Direct,
        async (client, options) => ((await client.Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = TestPolicies.Base }, options)).PolicyEpoch, 0));

    private static Task<RecordLine> SuspendAsync(RecordedCalls calls, ChaosTenant tenant, int server, string agent) => calls.ChangeAsync(
        tenant,
        new RecordLine { Kind = LineKind.Invoke, At = 0, Operation = Operation.SuspendAgent, Agent = agent, Server = server },
        tenant.Direct,
        async (client, options) => ((await client.Agents.SuspendAgentAsync(new SuspendAgentRequest { AgentId = agent }, options)).PolicyEpoch, 0));

    private static async Task AskAsync(RecordedCalls calls, ChaosTenant tenant, int server, string agent, CancellationToken over)
    {
        using var pace = new PeriodicTimer(Pace);
        try
        {
            while (await pace.WaitForNextTickAsync(over))
            {
                await calls.AskAsync(tenant, server, agent, Question, 0);
            }
        }
        catch (OperationCanceledException)
        {
            // The round is over.
        }
    }

    private static async Task UntilAsync(Func<Task<RecordLine>> ask, Func<RecordLine, bool> wanted, string what, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(ChaosOptions.Patience);
        using var pace = new PeriodicTimer(Pace * 10);
        RecordLine? last = null;
        try
        {
            while (!wanted(last = await ask()))
            {
                await pace.WaitForNextTickAsync(limit.Token);
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new ChaosException($"within {ChaosOptions.Patience.TotalSeconds:0} s it did not come to: {what}; the last answer was {last}");
        }
    }

    private static Task DelayAsync(double seconds, CancellationToken stop) => Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System, stop);
}
