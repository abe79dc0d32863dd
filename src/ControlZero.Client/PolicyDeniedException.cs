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
        var asked = $"`{query.Action}`{Resources(query, decision)}";
        return decision.Reason.StartsWith("denied by ", StringComparison.Ordinal)
            ? $"{asked} is {decision.Reason} ({decision.ReasonCode})"
            : $"{asked} is denied ({decision.ReasonCode}): {decision.Reason}";
    }

    /// <summary>The resource that was denied, else what was asked for.</summary>
    private static string Resources(EnforceQuery query, EnforceDecision decision)
    {
        string[] asked = decision.DeniedResource is { } denied
            ? [denied]
            : [.. new[] { query.Resource }.Concat(query.CandidateResources ?? []).OfType<string>().Where(name => name.Length > 0)];
        return asked switch
        {
            [] => "",
            [var only] => $" on `{only}`",
            [var first, ..] => $" on `{first}` and {asked.Length - 1} more",
        };
    }
}
