using System.Collections.Concurrent;
using ControlZero.Abstractions;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;

namespace ControlZero.Server.Enforcement;

/// <summary>
/// Grain references by agent: making one anew costs three times a call within the silo. Those that live here are decided on by their cells, and
/// beside a call to another silo it is little, so a share of the agents is enough.
/// </summary>
internal sealed class AgentReferences(IGrainFactory grains)
{
    // Past this many, all are forgotten at once: a flood of made-up agent ids costs time, never memory without end.
    private const int Capacity = 100_000;

    private readonly ConcurrentDictionary<(TenantId, AgentId), IAgentGrain> _references = new();
    private int _count;

    public IAgentGrain Get(TenantId tenant, AgentId agent) =>
        _references.TryGetValue((tenant, agent), out var reference) ? reference : Add(tenant, agent);

    private IAgentGrain Add(TenantId tenant, AgentId agent)
    {
        if (Interlocked.Increment(ref _count) > Capacity)
        {
            _references.Clear();
            Volatile.Write(ref _count, 1);
        }

        return _references.GetOrAdd((tenant, agent), grains.GetGrain<IAgentGrain>(GrainKeys.Of(tenant, agent)));
    }
}
