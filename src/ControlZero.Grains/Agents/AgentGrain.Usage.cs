using ControlZero.Abstractions.Agents;
using Microsoft.Extensions.Logging;

namespace ControlZero.Grains.Agents;

/// <content>
/// The plain counters. They are for people to look at: counted on the cell, written some time after a change and on every orderly end,
/// so that a killed silo loses the last of them. Quotas, which must lose nothing, do not rest on them.
/// </content>
internal sealed partial class AgentGrain : IAgentUsageGrain
{
    public async Task<AgentUsage?> GetUsageAsync(CancellationToken cancellationToken)
    {
        if (_cell is not { } cell)
        {
            return null;
        }

        var limits = await cell.StandingsAsync(await LimitsAsync());
        var usage = WithUsage(_state.State, cell.Unsaved);
        return new AgentUsage(_agent, usage.Allowed, usage.Denied, usage.LastDecisionAt, limits);
    }

    public async Task SaveUsageAsync(CancellationToken cancellationToken)
    {
        // INVARIANT: a state that may not be what is stored is never written again.
        if (_stateIsUncertain || _cell?.Take() is not { IsNone: false } counted)
        {
            return;
        }

        try
        {
            await WriteAsync(WithUsage(_state.State, counted));
        }
        catch (Exception failure)
        {
            LogUsageNotSaved(failure);
        }
    }

    private static AgentState WithUsage(AgentState state, UsageCounts counted) => state with
    {
        Allowed = state.Allowed + counted.Allowed,
        Denied = state.Denied + counted.Denied,
        LastDecisionAt = counted.LastDecisionAt ?? state.LastDecisionAt,
    };

    [LoggerMessage(EventId = 2101, Level = LogLevel.Warning, Message = "The usage counters of an agent could not be saved; the last of them are lost")]
    private partial void LogUsageNotSaved(Exception failure);
}
