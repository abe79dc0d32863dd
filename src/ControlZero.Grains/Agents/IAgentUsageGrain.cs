namespace ControlZero.Grains.Agents;

/// <summary>
/// An agent's counters, as its own silo keeps them. Key: that of the agent. Only <see cref="UsageSaver"/> calls it.
/// </summary>
[Alias("cz.IAgentUsageGrain")]
internal interface IAgentUsageGrain : IGrainWithStringKey
{
    /// <summary>Writes what was counted since the last time. Never fails: counters that cannot be written are logged and lost.</summary>
    [Alias("SaveUsage")]
    Task SaveUsageAsync(CancellationToken cancellationToken);
}
