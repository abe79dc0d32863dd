namespace ControlZero.Client;

/// <summary>The agent may not act. Thrown by <see cref="ControlZeroClient.EnforceAsync"/> only.</summary>
public sealed class PolicyDeniedException : Exception
{
    /// <summary>Tells of a deny.</summary>
    /// <param name="query">What was asked.</param>
    /// <param name="decision">The deny.</param>
    public PolicyDeniedException(EnforceQuery query, EnforceDecision decision)
        : base(Describe(query, decision))
    {
        Query = query;
        Decision = decision;
    }

    /// <summary>What was asked.</summary>
    public EnforceQuery Query { get; }

    /// <summary>The whole decision.</summary>
    public EnforceDecision Decision { get; }

    private static string Describe(EnforceQuery query, EnforceDecision decision)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(decision);
        var resource = string.IsNullOrEmpty(query.Resource) ? "" : $" on `{query.Resource}`";
        return $"`{query.Action}`{resource} is denied ({decision.ReasonCode}): {decision.Reason}";
    }
}
