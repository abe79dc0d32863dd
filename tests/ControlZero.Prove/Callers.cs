using ControlZero.Protocol.V1;
using ControlZero.Servers.Cluster;
using Grpc.Core;
using Grpc.Net.Client;

namespace ControlZero.Prove;

/// <summary>Programs of agents, each on connections of its own to every server: one agent under its own limit, sixteen under that of their tenant.</summary>
internal sealed class Callers : IDisposable
{
    private const int Programs = 24;
    private const int Agents = 16;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly List<List<GrpcChannel>> _channels;
    private readonly Metadata _headers;
    private readonly Random _random;

    public Callers(ServerCluster cluster, string key, Random random)
    {
        _headers = new Metadata { { "authorization", $"Bearer {key}" } };
        _random = random;
        _channels = [.. Enumerable.Range(0, Programs).Select(_ => cluster.All.Select(server => GrpcChannel.ForAddress(server.Url)).ToList())];
    }

    /// <summary>Asks until it is cancelled, so often in all.</summary>
    /// <param name="counts">The counts, of the agent's limit and of the tenant's.</param>
    /// <param name="perSecond">Questions a second about each. Null: as fast as answers come.</param>
    /// <param name="stop">Ends it.</param>
    public Task RunAsync(IReadOnlyList<Count> counts, double? perSecond, CancellationToken stop) =>
        Task.WhenAll(_channels.Select((channels, program) => RunAsync(
            channels, counts[program % counts.Count], program % counts.Count == 0, new Random(_random.Next()), perSecond / (Programs / counts.Count), stop)));

    public void Dispose()
    {
        foreach (var channel in _channels.SelectMany(channels => channels))
        {
            channel.Dispose();
        }
    }

    private async Task RunAsync(List<GrpcChannel> channels, Count count, bool isOfAgent, Random random, double? perSecond, CancellationToken stop)
    {
        using var timer = perSecond is { } rate ? new PeriodicTimer(TimeSpan.FromSeconds(1 / rate)) : null;
        while (!stop.IsCancellationRequested)
        {
            var agent = isOfAgent ? "spender" : $"member-{random.Next(Agents)}";
            await AskAsync(channels[random.Next(channels.Count)], count, agent, isOfAgent ? ProvePolicy.OwnAction : ProvePolicy.SharedAction);
            try
            {
                await (timer?.WaitForNextTickAsync(stop) ?? ValueTask.FromResult(true));
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task AskAsync(GrpcChannel channel, Count count, string agent, string action)
    {
        try
        {
            count.Decided(await new EnforcementService.EnforcementServiceClient(channel).EnforceAsync(
                new EnforceRequest { AgentId = agent, Action = action }, _headers, (TimeProvider.System.GetUtcNow() + Patience).UtcDateTime));
        }
        catch (RpcException)
        {
            count.NoDecision();
        }
    }
}
