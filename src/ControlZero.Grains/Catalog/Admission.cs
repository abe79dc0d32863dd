using ControlZero.Abstractions.Agents;
using ControlZero.Abstractions.Tenants;
using ControlZero.Engine.Evaluation;
using ControlZero.Engine.Policies;

namespace ControlZero.Grains.Catalog;

/// <summary>What is checked before any policy is looked at. Pure, and without allocation.</summary>
public static class Admission
{
    /// <summary>What an allow becomes when it could not leave while it was worth something.</summary>
    public static Decision Stale { get; } = new()
    {
        Effect = Effect.Deny,
        ReasonCode = ReasonCodes.PolicyStale,
        RuleId = SyntheticRules.PolicyStale,
        Reason = "this server could not confirm in time what is in force; ask again, and look at its storage if that does not help",
    };

    // Stands in for an answer: the front door makes an error of it.
    private static readonly Decision EpochNotReached = Stale with { Reason = "the policy epoch asked for is not reached" };

    /// <summary>Why the request is denied whatever the policies say, or null: they decide.</summary>
    /// <param name="snapshot">What is in force.</param>
    /// <param name="agent">Who asks.</param>
    /// <param name="minEpoch">The oldest epoch that may decide.</param>
    /// <param name="age">How old the silo's knowledge of what is in force was before the snapshot was read.</param>
    /// <param name="bound">How old it may be.</param>
    public static Decision? Check(TenantSnapshot snapshot, AgentId agent, ulong minEpoch, TimeSpan age, TimeSpan bound)
    {
        if (snapshot.Epoch < minEpoch)
        {
            return EpochNotReached;
        }

        if (snapshot.TenantSuspended is { } tenantSuspended)
        {
            return tenantSuspended;
        }

        if (snapshot.AgentsSuspended.Count > 0 && snapshot.AgentsSuspended.TryGetValue(agent, out var agentSuspended))
        {
            return agentSuspended;
        }

        return age > bound && !snapshot.Manifest.Settings.AllowStale ? Stale : null;
    }

    /// <summary>What whoever is suspended is answered.</summary>
    internal static Decision Deny(Suspension suspension)
    {
        var isTenant = suspension.Target == SuspensionTarget.Tenant;
        var what = isTenant ? "the tenant is suspended" : "the agent is suspended";
        return new Decision
        {
            Effect = Effect.Deny,
            ReasonCode = isTenant ? ReasonCodes.TenantSuspended : ReasonCodes.AgentSuspended,
            RuleId = isTenant ? SyntheticRules.TenantSuspended : SyntheticRules.AgentSuspended,
            Reason = suspension.Reason.Length == 0 ? what : $"{what}: {suspension.Reason}",
        };
    }
}
