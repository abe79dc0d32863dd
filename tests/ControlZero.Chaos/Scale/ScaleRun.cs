using System.Globalization;
using System.Text.RegularExpressions;
using ControlZero.Chaos.Load;
using ControlZero.Client;
using ControlZero.Protocol.V1;
using ControlZero.Servers.Cluster;
using Grpc.Core;

namespace ControlZero.Chaos.Scale;

/// <summary>
/// Many agents on three servers: how they spread, what one costs, how soon a killed server serves again, and what a question costs that
/// arrives at another server than its agent's.
/// </summary>
/// <param name="options">Set-up, seed, servers, folder.</param>
/// <param name="agents">How many agents.</param>
/// <param name="progress">Where it tells how far it is.</param>
internal sealed partial class ScaleRun(ChaosOptions options, int agents, TextWriter progress)
{
    private const int InFlight = 48;
    private const int Sample = 1_000;
    private const int Rounds = 5;
    private static readonly TimeSpan RoundTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);
    private readonly TimeProvider _clock = TimeProvider.System;

    /// <summary>Runs it.</summary>
    public async Task<ScaleReport> RunAsync(CancellationToken cancellationToken)
    {
        await progress.WriteLineAsync($"starting servers on {options.Setup}; everything goes to {options.Folder}");
        await using var cluster = await ServerCluster.StartAsync(
            new ServerClusterOptions
            {
                Program = options.Server, Directory = options.Folder, Setup = options.Setup, PrivateNetwork = options.PrivateNetwork,
            },
            cancellationToken);
        using var tenant = await CreateTenantAsync(cluster, cancellationToken);
        using var http = new HttpClient();

        await RegisterAsync(tenant, 0, Sample, cancellationToken);
        var before = await Task.WhenAll(cluster.All.Select(server => FiguresAsync(http, server)));
        var begun = _clock.GetTimestamp();
        await RegisterAsync(tenant, Sample, agents, cancellationToken);
        var registration = _clock.GetElapsedTime(begun);
        await Task.Delay(Settling, _clock, cancellationToken);
        var after = await Task.WhenAll(cluster.All.Select(server => FiguresAsync(http, server)));

        var (local, remote) = await CompareAsync(tenant, cancellationToken);
        var (serving, answering) = await RestartAsync(cluster, tenant, cancellationToken);
        return new ScaleReport
        {
            Setup = options.Setup,
            Agents = agents,
            Registration = registration,
            AgentsOfServers = [.. after.Select(figures => figures.Agents)],
            BytesPerAgent = after.Zip(before, (now, then) => (now.Memory - then.Memory) / Math.Max(1, now.Agents - then.Agents)).Average(),
            LocalPerSecond = local,
            RemotePerSecond = remote,
            Serving = serving,
            Answering = answering,
        };
    }

    private static async Task<ChaosTenant> CreateTenantAsync(ServerCluster cluster, CancellationToken cancellationToken)
    {
        using var admin = new ControlZeroClient(new ControlZeroClientOptions { Url = cluster.All[0].Url, ApiKey = cluster.AdminKey, Timeout = TimeSpan.FromSeconds(30) });
        var created = await admin.Tenants.CreateTenantAsync(
            new CreateTenantRequest { TenantId = "scale", UnknownAgents = "allow", MaxAgents = 10_000_000 }, cancellationToken: cancellationToken);
        var tenant = new ChaosTenant("scale", allowStale: false, agents: 0, created.Key, cluster);
        await tenant.Direct[0].Policies.PublishPolicyAsync(new PublishPolicyRequest { Document = TestPolicies.Base }, cancellationToken: cancellationToken);
        return tenant;
    }

    private static string Agent(int number) => string.Create(CultureInfo.InvariantCulture, $"agent-{number:D7}");

    // As programs do: each agent is first asked about at the address its name leads to, and lives there.
    private async Task RegisterAsync(ChaosTenant tenant, int from, int to, CancellationToken cancellationToken)
    {
        var next = from - 1;
        await Task.WhenAll(Enumerable.Range(0, InFlight).Select(async _ =>
        {
            for (var number = Interlocked.Increment(ref next); number < to; number = Interlocked.Increment(ref next))
            {
                var query = new EnforceQuery { AgentId = Agent(number), Action = "tool:search" };
                while (await tenant.Own.Everywhere.CheckAsync(query, cancellationToken) is not { Source: DecisionSource.Server, Allowed: true })
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(50), _clock, cancellationToken);
                }

                if (number % 10_000 == 0)
                {
                    await progress.WriteLineAsync($"{number} of {agents} agents were asked about");
                }
            }
        }));
    }

    // The same agents by their own server and by another one, turn about.
    private async Task<(double Local, double Remote)> CompareAsync(ChaosTenant tenant, CancellationToken cancellationToken)
    {
        var own = new List<string>();
        for (var number = 0; number < agents && own.Count < Sample; number++)
        {
            using var call = tenant.Direct[0].Enforcement.EnforceAsync(Ask(Agent(number)), cancellationToken: cancellationToken);
            await call;
            if ((await call.ResponseHeadersAsync).GetValue("controlzero-owner") is null)
            {
                own.Add(Agent(number));
            }
        }

        double local = 0, remote = 0;
        for (var round = 0; round < Rounds; round++)
        {
            local += await MeasureAsync(tenant.Direct[0], own, cancellationToken);
            remote += await MeasureAsync(tenant.Direct[1], own, cancellationToken);
            await progress.WriteLineAsync($"round {round + 1} of {Rounds}: {local / (round + 1):0} calls a second at the agents' own server, {remote / (round + 1):0} at another");
        }

        return (local / Rounds, remote / Rounds);
    }

    private async Task<double> MeasureAsync(ControlZeroClient client, List<string> own, CancellationToken cancellationToken)
    {
        var begun = _clock.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, InFlight).Select(async place =>
        {
            var count = 0;
            while (_clock.GetElapsedTime(begun) < RoundTime)
            {
                var answer = await client.Enforcement.EnforceAsync(Ask(own[((count++ * InFlight) + place) % own.Count]), cancellationToken: cancellationToken);
                if (answer.Decision != Decision.Allow)
                {
                    throw new ChaosException($"a question was answered {answer.Decision} {answer.ReasonCode} instead of Allow");
                }
            }

            return count;
        }));
        return counts.Sum() / _clock.GetElapsedTime(begun).TotalSeconds;
    }

    private async Task<(TimeSpan Serving, TimeSpan Answering)> RestartAsync(ServerCluster cluster, ChaosTenant tenant, CancellationToken cancellationToken)
    {
        await progress.WriteLineAsync("killing server 3 and starting it again");
        await cluster.All[2].KillAsync();
        var begun = _clock.GetTimestamp();
        await cluster.All[2].StartAsync(cancellationToken);
        var serving = _clock.GetElapsedTime(begun);
        for (var number = 0; number < Sample;)
        {
            try
            {
                await tenant.Direct[2].Enforcement.EnforceAsync(
                    Ask(Agent(number)), deadline: (_clock.GetUtcNow() + TimeSpan.FromSeconds(5)).UtcDateTime, cancellationToken: cancellationToken);
                number++;
            }
            catch (Exception failure) when (failure is ControlZeroException or RpcException && _clock.GetElapsedTime(begun) < ChaosOptions.Patience * 2)
            {
                // Not yet: the agents of the killed server are found missing, or their directory moves.
            }
        }

        return (serving, _clock.GetElapsedTime(begun));
    }

    private static EnforceRequest Ask(string agent) => new() { AgentId = agent, Action = "tool:search" };

    private static async Task<(double Memory, double Agents)> FiguresAsync(HttpClient http, ClusterServer server)
    {
        var text = await http.GetStringAsync(new Uri($"{server.Http}/metrics"));
        var created = AgentsMade().Match(text);
        var memory = File.ReadLines($"/proc/{server.ProcessId}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return (1024 * double.Parse(memory.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture),
            created.Success ? double.Parse(created.Groups[1].Value, CultureInfo.InvariantCulture) : 0);
    }

    [GeneratedRegex(@"^orleans_catalog_activation_created_total\{[^}]*grain_type=""agent""[^}]*\} (\d+)", RegexOptions.Multiline)]
    private static partial Regex AgentsMade();
}
