using ControlZero.Abstractions.Agents;
using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace ControlZero.Grains.Agents;

/// <content>
/// The plain counters. They are for people to look at: counted on the cell, written some time after a change and on every orderly end,
/// so that a killed silo loses the last of them. Quotas, which must lose nothing, do not rest on them.
/// </content>
internal sealed partial class AgentGrain : IAgentUsageGrain
{
    private UsageSave? _unsettled;

    public async Task<AgentUsage?> GetUsageAsync(CancellationToken cancellationToken)
    {
        if (_cell is not { } cell)
        {
            return null;
        }

        var limits = await cell.StandingsAsync(await LimitsAsync());
        var usage = WithUsage(_state.State, cell.Unsaved.And(_unsettled?.Counts ?? default));
        return new AgentUsage(_agent, usage.Allowed, usage.Denied, usage.LastDecisionAt, limits);
    }

    public async Task SaveUsageAsync(CancellationToken cancellationToken)
    {
        // INVARIANT: a state that may not be what is stored is never written again.
        if (_stateIsUncertain || _cell is not { } cell)
        {
            return;
        }

        try
        {
            await SettleSaveAsync();
            if (cell.Take() is { IsNone: false } counted)
            {
                await WriteUsageAsync(counted);
            }
        }
        catch (Exception failure)
        {
            LogUsageNotSaved(failure);
            _cells.SaveLater(cell);
        }
    }

    // Counters are no reason for an agent to leave: a storage that is away for a while would take all agents with it, and a tenant that allows
    // stale answers would have none. So the agent stays as it was, and what became of the write is found out before the next one.
    private async Task WriteUsageAsync(UsageCounts counted)
    {
        var known = _state.State;
        var saved = WithUsage(known, counted);
        _unsettled = new UsageSave(saved, counted);
        _state.State = saved;
        try
        {
            await _state.WriteStateAsync();
            _unsettled = null;
        }
        catch (InconsistentStateException)
        {
            // Another activation is the agent's now.
            LetGo();
            DeactivateOnIdle();
            throw;
        }
        catch
        {
            _state.State = known;
            throw;
        }
    }

    // INVARIANT: before whatever writes the record. Then what is written rests on what is stored, and nothing is counted twice.
    private Task SettleSaveAsync() => _unsettled is null ? Task.CompletedTask : ReadBackAsync();

    private async Task ReadBackAsync()
    {
        await _state.ReadStateAsync();
        if (_unsettled is { } save)
        {
            _unsettled = null;
            if (!save.IsIn(_state.State))
            {
                _cell?.PutBack(save.Counts);
            }
        }
    }

    private static AgentState WithUsage(AgentState state, UsageCounts counted) => state with
    {
        Allowed = state.Allowed + counted.Allowed,
        Denied = state.Denied + counted.Denied,
        LastDecisionAt = counted.LastDecisionAt ?? state.LastDecisionAt,
    };

    /// <summary>A save of which it is not known whether it was done.</summary>
    private sealed record UsageSave(AgentState State, UsageCounts Counts)
    {
        // Counters only grow, and nobody else counts these.
        public bool IsIn(AgentState stored) => stored.Allowed >= State.Allowed && stored.Denied >= State.Denied;
    }

    [LoggerMessage(EventId = 2101, Level = LogLevel.Warning, Message = "The usage counters of an agent could not be saved; they are saved later, or lost when the agent leaves before")]
    private partial void LogUsageNotSaved(Exception failure);
}
