using System.Collections.Concurrent;
using System.Collections.Frozen;
using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Evaluation;
using ControlZero.Grains.Agents;

namespace ControlZero.Grains.Catalog;

/// <summary>What a silo decides a tenant's requests with: one epoch, compiled. Immutable and shared by all agents of the silo.</summary>
/// <remarks>No record: a copy with another manifest would go on deciding by what was made of the first.</remarks>
/// <param name="manifest">What is in force.</param>
/// <param name="policies">The same, compiled.</param>
public sealed class TenantSnapshot(TenantManifest manifest, PolicySet policies)
{
    private readonly ConcurrentDictionary<EffectiveRules, CellBasis> _plain = new();

    /// <summary>What is in force.</summary>
    public TenantManifest Manifest { get; } = manifest;

    /// <summary>The same, compiled.</summary>
    public PolicySet Policies { get; } = policies;

    /// <summary>The epoch.</summary>
    public ulong Epoch => Manifest.Epoch;

    /// <summary>What every request is answered, or null: the tenant is not suspended.</summary>
    internal Decision? TenantSuspended { get; } =
        manifest.FindSuspension(SuspensionTarget.Tenant, "") is { } suspension ? Admission.Deny(suspension) : null;

    /// <summary>What the requests of suspended agents are answered.</summary>
    internal FrozenDictionary<AgentId, Decision> AgentsSuspended { get; } = manifest.Suspensions
        .Where(suspension => suspension.Target == SuspensionTarget.Agent)
        .ToFrozenDictionary(suspension => AgentId.Parse(suspension.Subject), Admission.Deny);

    /// <summary>Models that are stopped for every agent. Null: none is.</summary>
    internal SuspendedModels? ModelsSuspended { get; } = SuspendedModels.Create(manifest.Suspensions
        .Where(suspension => suspension.Target == SuspensionTarget.Model)
        .Select(suspension => (suspension.Subject, suspension.Reason)));

    /// <summary>What agents under these rules decide on that have neither labels nor limits of their own.</summary>
    internal CellBasis PlainBasis(EffectiveRules rules)
    {
        if (_plain.TryGetValue(rules, out var basis))
        {
            return basis;
        }

        // Past this many not even the rules are shared.
        return _plain.Count < PolicySet.SubsetCapacity
            ? _plain.GetOrAdd(rules, static (rules, snapshot) => new CellBasis(snapshot, rules, AgentTraits.None), this)
            : new CellBasis(this, rules, AgentTraits.None);
    }
}
