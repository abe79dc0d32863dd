using ControlZero.Chaos.Records;
using ControlZero.Client;
using ControlZero.Protocol.V1;
using ControlZero.Servers.Cluster;

namespace ControlZero.Chaos.Load;

/// <summary>All tenants of a run, each for what happens in it, and the clients of whoever runs the cluster.</summary>
internal sealed class ChaosTenants : IDisposable
{
    private const int AgentsOfTurning = 24;
    private const int Halting = 8;

    // A change may wait for a paused server.
    private static readonly TimeSpan OperatorTimeout = TimeSpan.FromSeconds(30);

    private ChaosTenants(IReadOnlyList<ControlZeroClient> operators) => Operators = operators;

    /// <summary>Those whose policy is published over and over and whose agents are suspended.</summary>
    public IReadOnlyList<ChaosTenant> Turning { get; private set; } = [];

    /// <summary>Those that are suspended as a whole.</summary>
    public IReadOnlyList<ChaosTenant> Halted { get; private set; } = [];

    /// <summary>The one whose agents spend limits, or none.</summary>
    public IReadOnlyList<ChaosTenant> Spending { get; private set; } = [];

    /// <summary>All of them.</summary>
    public IReadOnlyList<ChaosTenant> All => [.. Turning, .. Halted, .. Spending];

    /// <summary>Clients with the cluster's own key, one a server.</summary>
    public IReadOnlyList<ControlZeroClient> Operators { get; }

    /// <summary>Makes them in a cluster, and writes them into the record.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="record">The record.</param>
    /// <param name="limits">Whether one of them has limits.</param>
    /// <param name="cancellationToken">Ends the making.</param>
    public static async Task<ChaosTenants> CreateAsync(ServerCluster cluster, RecordWriter record, bool limits, CancellationToken cancellationToken)
    {
        var tenants = new ChaosTenants(
            [.. cluster.All.Select(server => new ControlZeroClient(new ControlZeroClientOptions { Url = server.Url, ApiKey = cluster.AdminKey, Timeout = OperatorTimeout }))]);
        tenants.Turning = [await MakeAsync("strict-1", AgentsOfTurning), await MakeAsync("strict-2", AgentsOfTurning), await MakeAsync("stale-3", AgentsOfTurning, allowStale: true)];
        tenants.Spending = limits ? [await MakeAsync("spending", Spenders.Agents)] : [];
        foreach (var number in Enumerable.Range(1, Halting))
        {
            tenants.Halted = [.. tenants.Halted, await MakeAsync($"halted-{number}", agents: 1)];
        }

        return tenants;

        async Task<ChaosTenant> MakeAsync(string id, int agents, bool allowStale = false)
        {
            var request = new CreateTenantRequest { TenantId = id, UnknownAgents = "allow", MaxAgents = 1_000, AllowStale = allowStale };
            var created = await tenants.Operators[0].Tenants.CreateTenantAsync(request, cancellationToken: cancellationToken);
            record.Write(new RecordLine { Kind = LineKind.Tenant, At = record.Now, Tenant = id, AllowStale = allowStale });
            return new ChaosTenant(id, allowStale, agents, created.Key, cluster);
        }
    }

    public void Dispose()
    {
        foreach (var tenant in All)
        {
            tenant.Dispose();
        }

        foreach (var client in Operators)
        {
            client.Dispose();
        }
    }
}
