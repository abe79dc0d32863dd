using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Grains.Feed;
using ControlZero.Grains.Hosting;
using ControlZero.Grains.Quotas;
using Microsoft.Extensions.DependencyInjection;

namespace ControlZero.Grains.Agents;

/// <summary>The agents that are active in a silo and may be decided about without a message to their grain.</summary>
/// <param name="freshness">How old the silo's knowledge of what is in force is.</param>
/// <param name="notices">What the silo heard of agents that changed.</param>
/// <param name="clock">The clock decisions are made by.</param>
/// <param name="services">Where the accounts of agents come from that have limits.</param>
public sealed class AgentCells(
    SiloFreshness freshness,
    AgentNotices notices,
    [FromKeyedServices(ClusterClock.Key)] TimeProvider clock,
    IServiceProvider? services = null)
{
    private readonly ConcurrentDictionary<(TenantId, AgentId), AgentCell> _cells = new();

    // In the order in which they were first counted on since they were last saved.
    private readonly ConcurrentQueue<(AgentCell Cell, DateTimeOffset Since)> _unsaved = new();

    /// <summary>False: none is ever found, so that every decision is a call to the agent's grain. Default: true.</summary>
    public bool IsOpen { get; init; } = true;

    internal TimeProvider Clock => clock;

    internal SiloFreshness Freshness => freshness;

    internal AgentNotices Notices => notices;

    /// <summary>Where the accounts of agents come from.</summary>
    internal AgentQuotas Quotas => services!.GetRequiredService<AgentQuotas>();

    /// <summary>The agent's cell, or null: the agent is not registered, or not active in this silo.</summary>
    /// <param name="tenant">The agent's tenant.</param>
    /// <param name="agent">The agent.</param>
    public AgentCell? Find(TenantId tenant, AgentId agent) => IsOpen ? _cells.GetValueOrDefault((tenant, agent)) : null;

    /// <summary>Makes a cell known, in place of the one of an earlier activation.</summary>
    internal void Publish(AgentCell cell) => _cells[(cell.Tenant, cell.Agent)] = cell;

    /// <summary>Forgets a cell, and never its successor.</summary>
    internal void Remove(AgentCell cell) => _cells.TryRemove(new((cell.Tenant, cell.Agent), cell));

    internal void SaveLater(AgentCell cell) => _unsaved.Enqueue((cell, clock.GetUtcNow()));

    /// <summary>The next cell whose counters are unsaved since the given time or longer. One by one: <see cref="UsageSaver"/> alone takes them.</summary>
    internal bool TryTakeUnsaved(DateTimeOffset since, [NotNullWhen(true)] out AgentCell? cell)
    {
        cell = null;
        if (!_unsaved.TryPeek(out var next) || next.Since > since || !_unsaved.TryDequeue(out next))
        {
            return false;
        }

        cell = next.Cell;
        return true;
    }
}
